package figures_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/figures"
	"edgescope/query/tally"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// hour is the hour before noon in four buckets.
var hour = tally.Window{From: noon.Add(-time.Hour), To: noon, Step: 15 * time.Minute}

// bucketOf returns the bucket of a duration in milliseconds.
func bucketOf(ms float64) int { return int(math.Ceil(math.Log10(ms/1000)*18)) - 1 }

// count adds n invocations of that duration to a bucket of a group.
func count(t *tally.Table, group string, bucket int, n, ms float64) *tally.Tally {
	to := t.At(group, false, bucket)
	to.Requests += n
	to.Events += n
	to.DurationSum += n * ms / 1000
	to.AddDuration(bucketOf(ms), n, edge.False, -1)
	return to
}

func TestRowsCompareWithWhatWasBefore(t *testing.T) {
	now, before := tally.NewTable(hour.Whole()), tally.NewTable(hour.Whole().Before())
	count(now, "FRA", 0, 3600, 20).Cache[0] = 3600 * .6
	now.At("FRA", false, 0).Cache[3] = 3600 * .4
	count(now, "NEW", 0, 36, 20)
	count(before, "FRA", 0, 1800, 10).Cache[0] = 1800
	count(before, "OLD", 0, 5, 10)
	rows := map[string]query.Row{}
	for _, r := range figures.Rows(now, before, noon) {
		rows[r.Name] = r
	}
	fra := rows["FRA"]
	if len(rows) != 2 || fra.Rate != 1 || fra.Before == nil || fra.Before.Requests != 1800 || fra.Before.Rate != .5 {
		t.Errorf("rows %v, FRA %+v before %+v", rows, fra.Stats, fra.Before)
	}
	if math.Abs(float64(fra.OriginExtra)-1440) > 1e-6 { // 40 % of 3600 hits are lost
		t.Errorf("FRA sends %v more to the origin, want 1440", fra.OriginExtra)
	}
	if r := rows["NEW"]; r.Before != nil || r.OriginExtra.OK() || r.Norm.OK() || r.Lat.OK() || r.Silent.OK() {
		t.Errorf("NEW has what nobody knows: %+v", r)
	}
	for _, r := range figures.Rows(now, nil, noon) {
		if r.Before != nil {
			t.Errorf("%s is compared with nothing", r.Name)
		}
	}
	// The hour has not passed: the rate is that of what has.
	if r := figures.Rows(now, nil, noon.Add(-30*time.Minute)); r[0].Rate != 2*rows[r[0].Name].Rate {
		t.Errorf("half an hour in, the rate of %s is %v", r[0].Name, r[0].Rate)
	}
}

func TestNormsAreOfWhoHasOne(t *testing.T) {
	rows := []query.Row{
		{Name: "FRA", Stats: query.Stats{P95: 150}, Norm: query.None(), Ratio: query.None()},
		{Name: "IAD", Stats: query.Stats{P95: 150}, Norm: query.None(), Ratio: query.None()},
	}
	figures.AddNorms(rows, map[string]query.Num{"FRA": 100})
	if rows[0].Norm != 100 || rows[0].Ratio != 1.5 || rows[1].Norm.OK() || rows[1].Ratio.OK() {
		t.Errorf("%+v", rows)
	}
}

func TestASilenceIsWorthAWord(t *testing.T) {
	f := func(what string, samples query.Num, ago time.Duration, want string) {
		t.Helper()
		rows := []query.Row{
			{Name: "X", Stats: query.Stats{Samples: samples}, Silent: query.None()},
			{Name: "other", Stats: query.Stats{Samples: 1e6}, Silent: query.None()},
		}
		newest := map[string]time.Time{"other": noon}
		if ago > 0 {
			newest["X"] = noon.Add(-ago)
		}
		figures.AddSilences(rows, newest, noon.Add(-time.Hour), noon)
		if got := fmt.Sprint(float64(rows[0].Silent)); got != want || rows[1].Silent.OK() {
			t.Errorf("%s: silent %s, want %s; the other %v", what, got, want, rows[1].Silent)
		}
	}
	f("ten would have come since", 100, 6*time.Minute, "360")
	f("nine would have come since", 81, 6*time.Minute, "NaN")
	f("less than a minute", 1e6, 59*time.Second, "NaN")
	f("a minute", 1e6, time.Minute, "60")
	f("longer than is looked at", 100, 0, "1800")

	rows := []query.Row{{Name: "X", Stats: query.Stats{Samples: 1e6}, Silent: query.None()}}
	figures.AddSilences(rows, map[string]time.Time{}, noon.Add(-time.Hour), noon)
	if rows[0].Silent.OK() {
		t.Error("where all are silent, one is marked")
	}
	figures.AddSilences(rows, nil, noon.Add(-time.Hour), noon)
	if rows[0].Silent.OK() {
		t.Error("what nobody knows is a silence")
	}
}

// values writes a line's values.
func values(l query.Line) string {
	out := make([]string, len(l.Values))
	for i, v := range l.Values {
		out[i] = fmt.Sprint(float64(v))
	}
	return l.Name + " " + strings.Join(out, " ")
}

func TestALineHasGapsAndALatestValue(t *testing.T) {
	table := tally.NewTable(hour)
	count(table, "", 0, 900, 10)
	count(table, "", 2, 450, 10)
	l := figures.Line("rate", table.All(), figures.RateOf(hour.Step))
	if got := values(l); got != "rate 1 NaN 0.5 NaN" || l.Latest != .5 {
		t.Errorf("%s, latest %v", got, l.Latest)
	}
	if l := figures.Line("p95", make([]tally.Tally, 3), figures.Durations(95)); l.Latest.OK() || len(l.Values) != 3 {
		t.Errorf("a line of nothing has the latest value %v of %d", l.Latest, len(l.Values))
	}
	want := []string{"rate", "p50", "p95", "p99", "errors", "cold", "cache", "cpu"}
	var names []string
	for _, l := range figures.StandardLines(table.All(), hour.Step) {
		names = append(names, l.Name)
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// TestOthersAreWhatIsLeft holds that the line of the others is all without those that have a line of their own.
func TestOthersAreWhatIsLeft(t *testing.T) {
	table := tally.NewTable(hour)
	add := func(region string, bucket int, cold, warm float64) {
		table.At(region, false, bucket).Cold += cold
		table.At(region, false, bucket).Warm += warm
	}
	add("FRA", 0, 1, 9)
	add("IAD", 0, 5, 5)
	add("SIN", 0, 1, 1)
	add("SIN", 1, 0, 4)
	ratio := (*tally.Tally).ColdRatio
	shown := tally.NewTable(hour)
	shown.Groups["FRA"] = table.Groups["FRA"]
	lines := figures.RegionLines(table.All(), shown, []string{"FRA", "GRU"}, true, ratio)
	var got []string
	for _, l := range lines {
		got = append(got, values(l))
	}
	want := []string{"FRA 0.1 NaN NaN NaN", "GRU NaN NaN NaN NaN", "others 0.5 0 NaN NaN"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if lines := figures.RegionLines(table.All(), shown, []string{"FRA"}, false, ratio); len(lines) != 1 {
		t.Errorf("%d lines, want one", len(lines))
	}
}

func TestTheHeatmapHasARowOfEachRow(t *testing.T) {
	table := tally.NewTable(hour)
	count(table, "FRA", 1, 100, 10)
	rows := []query.Row{{Name: "FRA"}, {Name: "IAD"}}
	h := figures.Trends(rows, table, 50)
	if len(h.Rows) != 2 || h.Rows[1] != "IAD" || len(h.Cells[1]) != 4 || h.Cells[1][1].OK() || h.Cells[0][0].OK() {
		t.Errorf("%+v", h)
	}
	if p50 := float64(h.Cells[0][1]); math.Abs(p50/10-1) > .07 || len(rows[0].Trend) != 4 {
		t.Errorf("a cell is %v ms, want about 10; the trend has %d values", p50, len(rows[0].Trend))
	}
}

func TestOutcomesAreOfStepsWithInvocations(t *testing.T) {
	table := tally.NewTable(hour)
	count(table, "", 1, 10, 5).Cache[0] = 4
	lines := figures.OutcomeLines(table.All())
	if len(lines) != len(edge.CacheStatuses) || values(lines[0]) != "hit NaN 4 NaN NaN" ||
		values(lines[3]) != "miss NaN 0 NaN NaN" {
		t.Errorf("%v", lines)
	}
}

// TestWhatSlowedDownIsLookedAt holds which groups are worth the price of their percentiles.
func TestWhatSlowedDownIsLookedAt(t *testing.T) {
	now, before := tally.NewTable(hour.Whole()), tally.NewTable(hour.Whole())
	for name, ms := range map[string][2]float64{
		"a": {10, 20}, "b": {10, 30}, "c": {10, 11}, "d": {10, 10.4}, "e": {10, 40}, "": {10, 99},
	} {
		count(before, name, 0, 100, ms[0])
		count(now, name, 0, 100, ms[1])
	}
	count(before, "few", 0, 99, 10)
	count(now, "few", 0, 1000, 90)
	count(now, "new", 0, 1000, 90)
	if got := strings.Join(figures.Slower(now, before), " "); got != "e b a" {
		t.Errorf("%s, want e b a: the three that rose most, with a name and 100 events on both sides", got)
	}
}

func TestTheWorstComeFirst(t *testing.T) {
	row := func(name string, n, p95, extra query.Num) query.Row {
		return query.Row{Name: name, Stats: query.Stats{Requests: n, P95: p95}, OriginExtra: extra}
	}
	rows := []query.Row{
		row("a", 10, 100, 5), row("b", 1000, 5, query.None()), row("c", 1, 100, 9), row("d", 1e6, query.None(), 1),
	}
	if got := strings.Join(figures.Prominent(rows, 2), " "); got != "b a" { // requests x P95
		t.Errorf("most waiting: %s, want b a", got)
	}
	if got := strings.Join(figures.Busiest(rows, 2), " "); got != "d b" {
		t.Errorf("busiest: %s, want d b", got)
	}
	if got := strings.Join(figures.Names(figures.Losing(rows, 2)), " "); got != "c a" {
		t.Errorf("losing hits: %s, want c a", got)
	}
	if got := len(figures.Top(rows, 9)); got != 4 {
		t.Errorf("%d rows of the first 9 of 4", got)
	}
	if got := strings.Join(figures.Names(rows), ""); got != "abcd" {
		t.Errorf("the rows themselves are sorted: %s", got)
	}
}

func TestTheShareOfColdAmongTheSlowest(t *testing.T) {
	table := tally.NewTable(hour.Whole())
	if figures.ColdShare(table.Total()).OK() {
		t.Error("nothing has a share")
	}
	count(table, "", 0, 1000, 10)
	table.At("", false, 0).AddDuration(bucketOf(500), 50, edge.True, -1)
	if share := float64(figures.ColdShare(table.Total())); math.Abs(share-50./60) > .03 {
		t.Errorf("the share is %.2f, want about 50 of 60: 1 %% of 1000 warm ones are slower than their p99", share)
	}
}

func TestStatsOfNothingToCompareWith(t *testing.T) {
	if figures.StatsOf(nil) != nil {
		t.Error("no table has figures")
	}
	table := tally.NewTable(hour.Whole())
	count(table, "a", 0, 1800, 10)
	count(table, "b", 0, 1800, 10)
	if s := figures.StatsOf(table); s.Requests != 3600 || s.Rate != 1 {
		t.Errorf("%v requests at %v/s, want 3600 at 1", s.Requests, s.Rate)
	}
	set := query.Stats{P50: query.None(), P95: query.None(), P99: query.None()}
	if figures.SetPercentiles(&set, table.Total()); !set.P50.OK() || !set.P95.OK() || !set.P99.OK() {
		t.Errorf("%+v", set)
	}
}

// TestASenderThatStopsMakesNoRegionSilent: all regions fall silent within a minute, each at a time of its own, one long
// before. That one is silent while others send, and none is when nothing comes at all.
func TestASenderThatStopsMakesNoRegionSilent(t *testing.T) {
	f := func(ago time.Duration, want string) {
		t.Helper()
		var rows []query.Row
		newest := map[string]time.Time{}
		for i, name := range []string{"FRA", "IAD", "GRU", "NRT", "JNB"} {
			rows = append(rows, query.Row{Name: name, Stats: query.Stats{Samples: 3600}, Silent: query.None()})
			newest[name] = noon.Add(-ago - time.Duration(4-i)*10*time.Second)
		}
		newest["JNB"] = noon.Add(-20 * time.Minute)
		figures.AddSilences(rows, newest, noon.Add(-time.Hour), noon)
		var silent []string
		for i := range rows {
			if rows[i].Silent > 0 {
				silent = append(silent, fmt.Sprint(rows[i].Name, " ", float64(rows[i].Silent)))
			}
		}
		if got := strings.Join(silent, ", "); got != want {
			t.Errorf("all stopped %s ago: %q is silent, want %q", ago, got, want)
		}
	}
	f(0, "JNB 1200")
	f(8*time.Minute, "")
}

// TestManySilentRegionsAreOneFinding: what takes a third of the requests is more than regions.
func TestManySilentRegionsAreOneFinding(t *testing.T) {
	row := func(name string, requests, silent query.Num) query.Row {
		return query.Row{Name: name, Stats: query.Stats{Requests: requests}, Silent: silent}
	}
	rows := []query.Row{
		row("FRA", 50, query.None()), row("A", 20, 600), row("B", 15, 420), row("C", 10, 500), row("D", 5, 900),
	}
	found := figures.Rank([]query.Finding{{Kind: query.KindSilence, Severity: "bad", Region: "A"}}, figures.Silences(rows, noon))
	want := "A, B, C and 1 more have sent nothing for 7m or longer, while other regions do"
	if len(found) != 1 || found[0].Subject != "4 regions are silent" || found[0].Text != want ||
		!found[0].Since.Equal(noon.Add(-7*time.Minute)) {
		t.Errorf("found %+v", found)
	}
	rows[0].Requests = 500
	if found := figures.Silences(rows, noon); len(found) != 4 {
		t.Errorf("of a tenth of the requests there are %d findings, want one for each region", len(found))
	}
}
