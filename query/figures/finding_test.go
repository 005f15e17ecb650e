package figures

import (
	"strings"
	"testing"
	"time"

	"edgescope/query"
)

func TestTheWorstFindingComesFirst(t *testing.T) {
	f := func(kind query.Kind, severity, subject, region string) query.Finding {
		return query.Finding{Kind: kind, Severity: severity, Subject: subject, Region: region}
	}
	got := Rank(
		[]query.Finding{f(query.KindCost, "bad", "h", ""), f(query.KindLimit, "warn", "j", "")},
		[]query.Finding{f(query.KindNorm, "bad", "c", "GRU"), f(query.KindNorm, "bad", "d", "SIN"), f(query.KindNorm, "warn", "i", "FRA")},
		[]query.Finding{f(query.KindSilence, "bad", "f", "JNB"), f(query.KindRegression, "bad", "b", "")},
		[]query.Finding{f(query.KindSilence, "bad", "again", "JNB"), f(query.KindSilence, "bad", "g", "IAD")},
		[]query.Finding{f(query.KindSLO, "bad", "a", ""), f(query.KindLimit, "bad", "g2", ""), f("new", "bad", "h2", "")},
	)
	var subjects []string
	for _, f := range got {
		subjects = append(subjects, f.Subject)
	}
	if s := strings.Join(subjects, " "); s != "a b c d f g g2 h h2 i j" {
		t.Errorf("%s", s)
	}
	if all := Rank(nil, nil); all == nil || len(all) != 0 {
		t.Errorf("of nothing: %v", all)
	}
}

func TestSilencesAreFindings(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	row := func(name string, requests, silent query.Num) query.Row {
		return query.Row{Name: name, Stats: query.Stats{Requests: requests}, Silent: silent}
	}
	got := Silences([]query.Row{
		row("FRA", 9, query.None()), row("IAD", 5, 280), row("SIN", 7, 1800), row("", 100, 300),
	}, now)
	want := []query.Finding{
		{
			Kind: query.KindSilence, Severity: "bad", Subject: "SIN is silent", Region: "SIN",
			Text: "SIN has sent nothing for at least 30m, while other regions do",
		},
		{
			Kind: query.KindSilence, Severity: "bad", Subject: "IAD is silent", Region: "IAD", Since: now.Add(-280 * time.Second),
			Text: "IAD has sent nothing for 4m, while other regions do",
		},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v", got)
	}
}
