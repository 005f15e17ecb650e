package alerts

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"edgescope/query"
	"edgescope/web/part"
)

func TestTheStripTellsWhatFires(t *testing.T) {
	page, ticket := query.Alert{Severity: "page"}, query.Alert{Severity: "ticket"}
	muted := query.Alert{Severity: "page", Muted: "silence x"}
	good, down := query.AlertReceiver{}, query.AlertReceiver{Problem: "answers 500"}
	f := func(a query.Alerts, class, text, more string) {
		t.Helper()
		if a.Receivers == nil {
			a.Receivers = []query.AlertReceiver{good}
		}
		if a.Rules == nil {
			a.Rules = []query.AlertRule{{Evaluated: time.Unix(0, 0)}}
		}
		state, rest := verdict(&a)
		if state.Class != class || state.Text != text || rest != more {
			t.Errorf("%q %q %q, want %q %q %q", state.Class, state.Text, rest, class, text, more)
		}
	}
	f(query.Alerts{}, "ok", "✓ Nothing fires", "")
	f(query.Alerts{Rules: []query.AlertRule{{}}}, "quiet", "No rule has been evaluated yet", "")
	f(query.Alerts{Receivers: []query.AlertReceiver{}}, "ok", "✓ Nothing fires", "nobody is told: the policy names no receivers")
	f(query.Alerts{Firing: []query.Alert{ticket}}, "warn", "▲ 1 alert firing", "")
	f(query.Alerts{Firing: []query.Alert{page, ticket, muted}, Pending: []query.Alert{page}}, "bad",
		"▲ 2 alerts firing, 1 page", "1 pending, 1 muted")
	f(query.Alerts{Firing: []query.Alert{muted}}, "ok", "✓ Nothing fires", "1 muted")
	f(query.Alerts{Receivers: []query.AlertReceiver{good, down}}, "warn",
		"Nothing fires that is told, but telling needs a look", "1 of 2 receivers down")
	f(query.Alerts{Rules: []query.AlertRule{{Problem: "gone"}}}, "warn",
		"Nothing fires that is told, but telling needs a look", "1 of 1 rule failing")
	f(query.Alerts{Problem: "rules.yml:1:1: bad"}, "warn", "Nothing fires that is told, but telling needs a look", "")
}

func TestTheCommandMutesWhatFires(t *testing.T) {
	got := silenceCommand([]query.Alert{
		{Muted: "silence x", Labels: map[string]string{"alertname": "A"}},
		{Labels: map[string]string{"alertname": "B", "service_name": `it's "x"`}},
	})
	want := `curl "$COLLECTOR/admin/alerts/silences" -H "Authorization: Bearer $ADMIN_TOKEN" -d '{"matchers": ` +
		`["alertname=\"B\"", "service_name=\"it'\''s \\\"x\\\"\""], "for": "2h", "author": "YOU", "comment": "WHY"}'`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestALongHistoryIsInTheCSV(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	p := &part.Page{URL: &url.URL{Path: "/alerts"}, Now: now}
	a := &query.Alerts{Past: make([]query.Alert, 51)}
	for i := range a.Past {
		a.Past[i] = query.Alert{Fired: now.Add(-90 * time.Minute), Resolved: now.Add(-time.Minute), Value: query.None()}
	}
	past := New(p, a).Tables[2]
	if len(past.Rows) != 51 || past.Shown != 50 || !strings.Contains(past.Note, "The newest 50 of 51") {
		t.Errorf("%d rows, %d shown, note %q", len(past.Rows), past.Shown, past.Note)
	}
	if got := past.Rows[0].Cells[4]; got.Text != "1\u00a0h 29\u00a0min" || got.Raw != "5340" {
		t.Errorf("it lasted %q, %q", got.Text, got.Raw)
	}
}
