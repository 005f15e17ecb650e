package tables

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/query/tally"
	"edgescope/store"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// lastHour is cut into steps that rollups of five minutes divide.
var lastHour = tally.Window{From: noon.Add(-time.Hour), To: noon, Step: 5 * time.Minute}

// asked are the texts that a cut asks of the rollups, each service's numbers from spans.
func asked(c Cut, signals ...string) []string {
	var src sources
	for g := range src {
		for _, signal := range signals {
			src.see(g, "of-"+signal, signal)
		}
	}
	f, ok := c.family()
	if !ok {
		return nil
	}
	var out []string
	for _, tile := range c.tiles() {
		r := rollup{Cut: c, family: f, sources: src, tile: tile}
		for _, q := range r.questions() {
			out = append(out, q.selector)
		}
	}
	return out
}

// TestACutAsksTheFamilyThatHasIt holds which series are read: the family with the fewest, and no figure that is not
// wanted.
func TestACutAsksTheFamilyThatHasIt(t *testing.T) {
	f := func(c Cut, want ...string) {
		t.Helper()
		c.Window = lastHour
		if diff := cmp.Diff(want, asked(c, edge.SignalSpan)); diff != "" {
			t.Error(diff)
		}
	}
	f(Cut{Parts: WithEvents}, `{__name__="edge_service_events:5m",edge_signal="span"}`)
	f(Cut{Parts: WithRequests}, `{__name__=~"edge_service_(requests|events):5m",edge_signal="span"}`)
	f(Cut{Parts: WithEvents, By: []string{edge.KeyRegion}}, `{__name__="edge_colo_events:5m",edge_signal="span"}`)
	f(Cut{Parts: WithEvents, By: []string{edge.KeyCountry}}, `{__name__="edge_country_events:5m",edge_signal="span"}`)
	f(Cut{Parts: WithEvents, By: []string{edge.KeyRoute, edge.KeyServiceVersion}},
		`{__name__="edge_route_events:5m",edge_signal="span"}`)
	f(Cut{Parts: WithMean | WithDurations},
		`{__name__="edge_service_duration_seconds_sum:5m",edge_signal="span"}`,
		`{__name__="edge_service_duration_seconds_bucket:5m",edge_signal="span"}`)
	f(Cut{Parts: WithResponses}, `{__name__="edge_service_responses:5m",edge_signal="span"}`)
	region := Cut{Parts: WithEvents}.Where(edge.KeyRegion, []string{"FRA", `"`})
	f(region, `{__name__="edge_colo_events:5m",edge_signal="span",cloud_region=~"FRA|\""}`)
	not := Cut{Parts: WithEvents}.And(filter.Condition{
		Key: edge.KeyServiceName, Exclude: true, Patterns: []filter.Pattern{{"sh", ""}},
	})
	f(not, `{__name__="edge_service_events:5m",edge_signal="span",service_name!~"sh.*"}`)
}

// TestNoFamilyHasEverything holds what goes to the events.
func TestNoFamilyHasEverything(t *testing.T) {
	f := func(want bool, c Cut) {
		t.Helper()
		c.Window = lastHour
		if got := c.InRollups(); got != want {
			t.Errorf("%+v: in the rollups %t, want %t", c, got, want)
		}
	}
	f(true, Cut{Parts: AllParts})
	f(true, Cut{Parts: AllParts}.Where(edge.KeyServiceName, []string{"shop"}))
	f(true, Cut{Parts: RowParts}.Regions([]string{"FRA"}))
	f(false, Cut{Parts: RowParts}.Regions([]string{"FRA"}).Where(edge.KeyRoute, []string{"/a"}))
	f(false, Cut{By: []string{edge.KeyRegion, edge.KeyRoute}})
	f(false, Cut{Parts: WithEvents}.Where(edge.KeyStatus, []string{"500"}))
	f(false, Cut{By: []string{edge.KeyRegion}, Parts: WithResponses})
	f(false, Cut{By: []string{edge.KeyRoute}, Parts: WithCache})
	f(false, Cut{By: []string{edge.KeyCountry}, Parts: withCold})
	f(true, Cut{By: []string{edge.KeyCountry}, Parts: WithDurations})
}

// TestEachServiceIsAskedOfItsSource holds that no question adds up two signals of one service.
func TestEachServiceIsAskedOfItsSource(t *testing.T) {
	c := Cut{Window: lastHour, Parts: WithEvents}
	want := []string{`{__name__="edge_service_events:5m",edge_signal="span" or ` +
		`__name__="edge_service_events:5m",edge_signal="datapoint",service_name=~"of-datapoint"}`}
	if diff := cmp.Diff(want, asked(c, edge.SignalDataPoint, edge.SignalSpan)); diff != "" {
		t.Error(diff)
	}
	if got := asked(c); got != nil {
		t.Errorf("without any source it asks %v", got)
	}
	c.spansOnly(t)
}

// spansOnly: rows of spans are counted whatever the source of their service's numbers is.
func (c Cut) spansOnly(t *testing.T) {
	t.Helper()
	c.Spans = true
	if diff := cmp.Diff([]string{`{__name__="edge_service_events:5m",edge_signal!="datapoint"}`}, asked(c)); diff !=
		"" {
		t.Error(diff)
	}
}

// TestOneBucketIsAskedInFewPieces holds that a day is read from hours, and its ends from shorter windows.
func TestOneBucketIsAskedInFewPieces(t *testing.T) {
	c := Cut{Window: tally.Window{
		From: noon.Add(-72*time.Hour + 10*time.Second), To: noon.Add(10 * time.Second),
	}.Whole(), Parts: WithEvents}
	var widths []string
	for _, text := range asked(c, edge.SignalSpan) {
		name, _, _ := strings.Cut(strings.TrimPrefix(text, `{__name__="edge_service_events`), `"`)
		widths = append(widths, name)
	}
	if got := strings.Join(widths, " "); got != " :5m :1h " {
		t.Errorf("widths %q, want ten seconds, five minutes, hours and ten seconds", got)
	}
}

// TestEventsAreAskedInOnePass holds the text of a cut that goes to the events.
func TestEventsAreAskedInOnePass(t *testing.T) {
	c := Cut{
		Window: lastHour, By: []string{edge.KeyRegion}, Parts: WithRequests | WithMean,
	}.Where(edge.KeyRoute, []string{"/a"})
	want := `edge.invocation:=true ("http.route":="/a") | stats by ("edge.outcome", "faas.coldstart", ` +
		`"edge.cache.status", ` +
		`"cloud.region", _time:300s) count() n, count() if ("edge.weight":*) weighted, sum("edge.weight") weight, ` +
		`sum(duration) duration_sum`
	if got := c.statsText("edge.invocation:=true"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	c.Window, c.Parts = lastHour.Whole(), WithInit|WithCPU|WithDurations
	got := c.statsText("x")
	for _, figure := range []string{
		"histogram(duration) durations", `histogram("edge.init.duration") inits`, `histogram("edge.cpu.time") cpus`,
	} {
		if !strings.Contains(got, figure) {
			t.Errorf("%s does not ask %s", got, figure)
		}
	}
	if strings.Contains(got, "_time:") {
		t.Errorf("one bucket is asked in buckets: %s", got)
	}
}

// counting is a store that counts how many questions it has at a time.
type counting struct {
	store.Reader

	come, proceed chan struct{}
}

func (c counting) Rows(ctx context.Context, _ store.RowsQuestion, _ func(store.Row) error) error {
	c.come <- struct{}{}
	select {
	case <-c.proceed:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// TestAStoreGetsSoManyQuestionsAtATime holds the bound, and that who waits may leave.
func TestAStoreGetsSoManyQuestionsAtATime(t *testing.T) {
	c := counting{come: make(chan struct{}, 3), proceed: make(chan struct{})}
	read := New(c, time.Now, 2)
	done := make(chan error, 3)
	ask := func(ctx context.Context) { done <- read.Rows(ctx, store.RowsQuestion{}, nil) }
	for range 2 {
		go ask(t.Context())
		<-c.come
	}
	ctx, leave := context.WithCancel(t.Context())
	go ask(ctx)
	leave()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("who left while waiting got %v", err)
	}
	select {
	case <-c.come:
		t.Error("a third question came while two were asked")
	default:
	}
	close(c.proceed)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestNothingMatchesNoValue holds that a cut of no values asks nothing.
func TestNothingMatchesNoValue(t *testing.T) {
	read := New(nil, time.Now, 1) // a question would panic
	table, err := read.Table(t.Context(), Cut{Window: lastHour}.Where(edge.KeyRegion, nil))
	if err != nil || len(table.Groups) != 0 || len(table.All()) != 12 {
		t.Errorf("%v, %v", table, err)
	}
}
