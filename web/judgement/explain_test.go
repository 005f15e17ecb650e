package judgement

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"edgescope/query"
	"edgescope/web/part"
)

func TestLinksToTheTracesOfACauseKeepThePage(t *testing.T) {
	f := func(address, more, want string) {
		t.Helper()
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := part.Narrowed(u, "/traces", more); got != want {
			t.Errorf("%s and %s: %s, want %s", address, more, got, want)
		}
	}
	f("/explain?range=6h&bad=errors", "region=GRU", "/traces?range=6h&region=GRU")
	f("/explain?q=route:/a&region=-FRA", "q=-outcome%3Aok&region=GRU", "/traces?q=route%3A%2Fa+-outcome%3Aok&region=GRU")
	f("/explain", "cache=miss&cache=expired&sort=-duration", "/traces?cache=miss&cache=expired&sort=-duration")
}

// TestAnExplanationSaysHowItWasFound holds what a reader needs to trust a cause: how many were looked at, when, how many
// tests, and why that is what was taken for bad.
func TestAnExplanationSaysHowItWasFound(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	text := strings.Join(howFound(&query.Explanation{
		Looked: 40_000, LookedBad: 400, Of: 5e6, Tests: 412, Why: "of both, errors",
		Stretches: []query.Stretch{{From: at, To: at.Add(9 * time.Second)}},
	}), "\n")
	for _, want := range []string{
		"40\u00a0k of about 5\u00a0M requests", "400 of them bad", "412 values and pairs", "12:00:00 – 12:00:09 (9s)",
		"choose a shorter range", "Of both, errors.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	if text = howFound(&query.Explanation{Looked: 37, Of: query.None()})[0]; !strings.Contains(text, "37 of the requests") {
		t.Errorf("got %q", text)
	}
}

func TestWhatIsAbsentIsNamed(t *testing.T) {
	got := sharedText([]query.Shared{{Key: "cloud.region", Value: "GRU"}, {Key: "plan", Value: ""}})
	if got != "cloud.region = GRU and no plan" {
		t.Errorf("got %q", got)
	}
	if cell := part.WithInterval(0, query.Figure{Value: 3, Low: query.None(), High: query.None()}); cell != (part.Cell{Text: "3", Raw: "3"}) {
		t.Errorf("got %+v", cell)
	}
}
