package explain

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
)

const (
	// leastLooked is how many invocations, and leastBad how many bad ones, it takes to tell anything.
	leastLooked, leastBad = 100, 10
	// z95 bounds figures with 95 %.
	z95 = 1.96
)

// explain writes what the sample tells into an answer.
func (s *sample) explain(out *query.Explanation, n *norms) {
	k := kinds[out.Bad]
	bad, told := s.flags(out.Bad, n)
	columns := s.attributes(&k, told, out)
	all := judge.Share{}
	for i := range bad {
		if told[i] {
			all.N++
		}
		if told[i] && bad[i] {
			all.K++
		}
	}
	out.Looked, out.LookedBad, out.Estimated = query.Num(all.N), query.Num(all.K), s.weight != nil
	s.notes(out, all)
	if all.N < leastLooked || all.K < leastBad {
		out.Verdict, out.Text = query.ExplainedFew, fmt.Sprintf("Too few to tell: %s of %s (n=%.0f); it takes %d of %d.",
			k.count(all.K), plural(all.N, "request"), all.N, leastBad, leastLooked)
		return
	}
	causes, r := rank(columns, bad, told)
	out.Tests = r.tests
	for i := range causes {
		out.Causes = append(out.Causes, s.cause(&causes[i], columns, out.Bad, told))
	}
	out.Verdict, out.Text = query.ExplainedCauses, ""
	if len(causes) == 0 {
		out.Verdict = query.ExplainedNothing
		out.Text = fmt.Sprintf("Nothing stands out: the %s of %s share nothing that others do not have as often.",
			k.count(all.K), plural(all.N, "request"))
		return
	}
	out.Text = out.Causes[0].Text + "."
}

func (s *sample) notes(out *query.Explanation, all judge.Share) {
	if unknown := float64(s.rows()) - all.N; unknown > 0 {
		why := map[string]string{
			query.BadSlow: "their routes have no p95 yet: it takes 100 invocations",
			query.BadCold: "it is not known whether they started cold",
			query.BadMiss: "a cache could not have answered them",
		}[out.Bad]
		out.Note(fmt.Sprintf("%s are left out: %s", plural(unknown, "request"), why))
	}
	if s.young > 0 && out.Bad == query.BadSlow {
		out.Note(plural(float64(s.young), "route") + " had no norm in the 7 days before: slow is above the p95 of the range itself")
	}
}

// attributes returns the columns that are ranked, and notes in the answer which ones were looked at and why others were
// not.
func (s *sample) attributes(k *kind, told []bool, out *query.Explanation) []column {
	var ranked []column
	for i := range s.columns {
		c := &s.columns[i]
		a := query.Looked{Key: c.key, Values: c.different(told), Left: c.left}
		switch {
		case a.Left != "":
			a.Values = 0
		case a.Values == 0 || a.Values == 1 && len(c.values) == 1: // nobody has it
			continue
		case k.tautology(c.key):
			a.Left = "says itself what is bad"
		case a.Values == 1:
			a.Left = "all have the same"
		default:
			same := slices.IndexFunc(ranked, func(o column) bool { return slices.Equal(o.codes, c.codes) })
			if same < 0 {
				ranked = append(ranked, *c)
				break
			}
			a.Left = "tells the same apart as " + ranked[same].key
		}
		out.Attributes = append(out.Attributes, a)
	}
	return ranked
}

// different returns how many values the rows have that count.
func (c *column) different(told []bool) int {
	seen, n := make([]bool, len(c.values)), 0
	for i, code := range c.codes {
		if told[i] && !seen[code] {
			seen[code] = true
			n++
		}
	}
	return n
}

// cause is the answer's form of what was found.
func (s *sample) cause(f *found, columns []column, bad string, told []bool) query.Cause {
	k := kinds[bad]
	out := query.Cause{
		N: query.Num(f.Bad.N), Bad: query.Num(f.Bad.K), Of: query.Num(f.all.K), Excess: query.Num(f.Excess),
		Sure: query.Num(f.Risk.Low(f.z)),
		Risk: query.Figure{
			Value: query.Num(f.Risk.Ratio), Low: query.Num(f.Risk.Low(z95)), High: query.Num(f.Risk.High(z95)),
			N: query.Num(f.all.N), Origin: query.OriginMeasured,
		},
	}
	for _, v := range f.is {
		out.Is = append(out.Is, query.Shared{Key: columns[v.column].key, Value: columns[v.column].values[v.code]})
	}
	out.Part = s.part(f, columns, told)
	out.Query = link(bad, out.Is)
	out.Text = fmt.Sprintf("%.0f of %s are %s, %s of traffic", f.Bad.K, k.count(f.all.K), phrase(out.Is),
		percent(float64(out.Part.Value)))
	return out
}

// part returns which part of all invocations of the sample a cause covers, weighted.
func (s *sample) part(f *found, columns []column, told []bool) query.Figure {
	var have, all, n, of float64
	for i := range s.rows() {
		if !told[i] {
			continue
		}
		weight := 1.0
		if s.weight != nil {
			weight = s.weight[i]
		}
		all, of = all+weight, of+1
		if !slices.ContainsFunc(f.is, func(v value) bool { return int(columns[v.column].codes[i]) != v.code }) {
			have, n = have+weight, n+1
		}
	}
	low, high := judge.Share{K: n, N: of}.Wilson()
	value := have / all
	return query.Figure{
		Value: query.Num(value), Low: query.Num(min(low, value)), High: query.Num(max(high, value)), N: query.Num(of),
		Origin: query.OriginMeasured,
	}
}

// count writes how many bad ones there are.
func (k *kind) count(n float64) string {
	if n == 1 {
		return "1 " + k.one
	}
	return fmt.Sprintf("%.0f %s", n, k.many)
}

func plural(n float64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%.0f %ss", n, what)
}

// percent writes a part with two digits.
func percent(part float64) string {
	digits := 1
	if p := 100 * part; p >= 10 || p == 0 {
		digits = 0
	} else if p < 1 {
		digits = 1 - int(math.Floor(math.Log10(p)))
	}
	return strconv.FormatFloat(100*part, 'f', digits, 64) + " %"
}

// phrase names what invocations share, as in "GRU on /api/cart".
func phrase(is []query.Shared) string {
	var b strings.Builder
	for i, s := range is {
		word := wordsFor(s)
		if i > 0 {
			joint := " and "
			if before, _, _ := strings.Cut(word, " "); slices.Contains([]string{"on", "of", "from", "without"}, before) {
				joint = " "
			}
			b.WriteString(joint)
		}
		b.WriteString(word)
	}
	return b.String()
}

// before are the words before the value of a known attribute.
var before = map[string]string{
	edge.KeyRegion: "", edge.KeyColo: "", edge.KeyMethod: "", edge.KeyCloudPlatform: "", edge.KeyRoute: "on ",
	edge.KeyServiceName: "of ", edge.KeyServiceVersion: "version ", edge.KeyCountry: "from ", edge.KeyStatus: "status ",
	edge.KeyCacheStatus: "cache ", edge.KeyOutcome: "outcome ",
}

func wordsFor(s query.Shared) string {
	text, ok := before[s.Key]
	switch {
	case s.Value == "":
		return "without " + s.Key
	case s.Key == edge.KeyColdStart && s.Value == "true":
		return "cold starts"
	case s.Key == edge.KeyColdStart:
		return "warm"
	case ok:
		return text + s.Value
	default:
		return s.Key + " " + s.Value
	}
}
