package figures

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/query"
)

// kinds are those of findings, the worst first: what users were promised, what somebody changed, what is out of its
// norm, what will be.
var kinds = []query.Kind{
	query.KindSLO, query.KindRegression, query.KindNorm, query.KindSilence, query.KindLimit, query.KindCost,
}

// Rank puts what several sources found in one order: the bad before the warnings, then by kind, then as the sources have
// them. Of what two sources tell of one thing the first is kept; a region's silence is one thing, of whatever service, and
// no finding where many are silent.
func Rank(sources ...[]query.Finding) []query.Finding {
	all := []query.Finding{}
	found := slices.Concat(sources...)
	many := slices.ContainsFunc(found, func(f query.Finding) bool { return f.Kind == query.KindSilence && f.Name != "" })
	for _, f := range found {
		if many && f.Kind == query.KindSilence && f.Region != "" {
			continue // it is among the many
		}
		if !slices.ContainsFunc(all, func(other query.Finding) bool { return thing(&other) == thing(&f) }) {
			all = append(all, f)
		}
	}
	place := func(f *query.Finding) (severity, kind int) {
		if f.Severity != "bad" {
			severity = 1
		}
		if kind = slices.Index(kinds, f.Kind); kind < 0 {
			kind = len(kinds)
		}
		return severity, kind
	}
	slices.SortStableFunc(all, func(x, y query.Finding) int {
		xs, xk := place(&x)
		ys, yk := place(&y)
		return cmp.Or(cmp.Compare(xs, ys), cmp.Compare(xk, yk))
	})
	return all
}

// thing is what a finding is about.
func thing(f *query.Finding) [6]string {
	if f.Kind == query.KindSilence && f.Region != "" {
		return [6]string{string(f.Kind), f.Region}
	}
	if f.Region == "" && f.Service == "" && f.Route == "" && f.Name == "" {
		return [6]string{string(f.Kind), f.Subject, f.Text}
	}
	return [6]string{string(f.Kind), f.Region, f.Service, f.Route, f.Version, f.Name}
}

// Silences are the findings of the regions that are silent, those with most requests first; there is none for the
// region of invocations that name none.
func Silences(rows []query.Row, now time.Time) []query.Finding {
	silent := slices.DeleteFunc(slices.Clone(rows), func(r query.Row) bool { return !(r.Silent > 0) || r.Name == "" })
	query.SortRows(silent, "-requests")
	if len(silent) > 1 && requestsOf(silent) >= requestsOf(rows)/3 {
		return []query.Finding{manySilent(silent, now)}
	}
	var out []query.Finding
	for i := range silent {
		r := &silent[i]
		length := (time.Duration(r.Silent) * time.Second).Truncate(time.Minute)
		text := query.FormatLength(length)
		f := query.Finding{
			Kind: query.KindSilence, Severity: "bad", Subject: r.Name + " is silent", Region: r.Name,
			Since: now.Add(-time.Duration(r.Silent) * time.Second).UTC().Truncate(time.Second),
		}
		if length >= SilenceLooked {
			text, f.Since = "at least "+text, time.Time{}
		}
		f.Text = fmt.Sprintf("%s has sent nothing for %s, while other regions do", r.Name, text)
		out = append(out, f)
	}
	return out
}

func requestsOf(rows []query.Row) (sum query.Num) {
	for i := range rows {
		sum += rows[i].Requests
	}
	return sum
}

// manySilent is the one finding of regions that had a third of all requests: what they share is more than a region.
func manySilent(silent []query.Row, now time.Time) query.Finding {
	shortest := silent[0].Silent
	for i := range silent {
		shortest = min(shortest, silent[i].Silent)
	}
	length := time.Duration(shortest) * time.Second
	names, others := Names(Top(silent, 3)), ""
	if more := len(silent) - len(names); more > 0 {
		others = fmt.Sprintf(" and %d more", more)
	}
	return query.Finding{
		Kind: query.KindSilence, Severity: "bad", Subject: fmt.Sprintf("%d regions are silent", len(silent)),
		Text: fmt.Sprintf("%s%s have sent nothing for %s or longer, while other regions do", strings.Join(names, ", "), others,
			query.FormatLength(max(length.Truncate(time.Minute), time.Minute))),
		Since: now.Add(-length).UTC().Truncate(time.Second), Name: "regions",
	}
}
