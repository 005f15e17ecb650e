package part

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/query"
)

// page is a page at an address, with the question that the address asks.
func page(t *testing.T, address string) *Page {
	t.Helper()
	u := parse(t, address)
	q, err := query.Parse(u.Query(), time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return &Page{URL: u, Question: q, Nav: u.Path, Assets: Assets{Script: "/assets/app.js"}}
}

func TestAPageSaysWhichTimeItIsAbout(t *testing.T) {
	f := func(address, rangeText, compared string) {
		t.Helper()
		p := page(t, address)
		if p.RangeText() != rangeText || p.Compared() != compared {
			t.Errorf("%s: %q against %q, want %q against %q", address, p.RangeText(), p.Compared(), rangeText, compared)
		}
	}
	f("/", "last 1h", "the previous 1h")
	f("/?range=24h", "last 24h", "the previous day")
	f("/?range=7d&cmp=none", "last 7d", "")
	f("/?cmp=v:v7", "last 1h", "version v7")
	f("/?from=2026-03-01T08:00:00Z&to=2026-03-02T09:30:00%2B01:00", "Mar 1 08:00 – Mar 2 08:30 UTC",
		"the previous period")
}

func TestAPageThatFollowsTheClockIsLive(t *testing.T) {
	f := func(address string, want bool) {
		t.Helper()
		if got := page(t, address).Live(); got != want {
			t.Errorf("%s: live %t, want %t", address, got, want)
		}
	}
	f("/", true)
	f("/?live=0", false)
	f("/regions", true)
	f("/traces", false) // a list stays as it was asked
	f("/runs", false)
	f("/?from=2026-03-01T08:00:00Z&to=2026-03-02T08:00:00Z", false)
	p := page(t, "/")
	p.Assets = Assets{}
	if p.Live() {
		t.Error("a page without scripts is live")
	}
	p = page(t, "/")
	p.Problem = &Problem{}
	if p.Live() {
		t.Error("a page without an answer is live")
	}
	if got := page(t, "/regions/a?p=99&range=1h&x=").Stream(); got != "/live/regions/a?p=99" {
		t.Errorf("the stream is %s", got)
	}
	if got := page(t, "/").Stream(); got != "/live" {
		t.Errorf("the stream of the overview is %s", got)
	}
}

func TestEveryFilterCanBeLifted(t *testing.T) {
	p := page(t, "/traces?region=FRA&region=-IAD&status=5xx&cold=&min=5ms&service=shop&after=x")
	want := []Link{
		{Text: "region: FRA", Href: "/traces?min=5ms&region=-IAD&service=shop&status=5xx"},
		{Text: "region: -IAD", Href: "/traces?min=5ms&region=FRA&service=shop&status=5xx"},
		{Text: "status: 5xx", Href: "/traces?min=5ms&region=FRA&region=-IAD&service=shop"},
		{Text: "min: 5ms", Href: "/traces?region=FRA&region=-IAD&service=shop&status=5xx"},
	}
	if diff := cmp.Diff(want, p.Filters()); diff != "" {
		t.Error(diff)
	}
	if got := page(t, "/?p=50").Percentile(); got != "p50" {
		t.Errorf("the percentile is %s", got)
	}
	if got := (&Page{URL: &url.URL{}}).Percentile(); got != "p95" {
		t.Errorf("the percentile of no question is %s", got)
	}
}

func TestAColumnTurnsRound(t *testing.T) {
	u := parse(t, "/regions?range=6h&after=x")
	f := func(sort string, c Column, want, direction string) {
		t.Helper()
		table := Table{Sort: sort}
		if got := table.sortLink(u, c); got != want {
			t.Errorf("sorted by %q, a click on %s leads to %s, want %s", sort, c.Sort, got, want)
		}
		if got := ariaSort(&table, c); got != direction {
			t.Errorf("sorted by %q, %s is %s, want %s", sort, c.Sort, got, direction)
		}
	}
	p99, name := Column{Sort: "p99", Numeric: true}, Column{Sort: "name"}
	f("-p95", p99, "/regions?range=6h&sort=-p99", "none") // numbers begin with the worst
	f("-p99", p99, "/regions?range=6h&sort=p99", "descending")
	f("p99", p99, "/regions?range=6h&sort=-p99", "ascending")
	f("-p95", name, "/regions?range=6h&sort=name", "none")
	f("name", name, "/regions?range=6h&sort=-name", "ascending")
	f("p99", Column{Sort: "p95", Numeric: true}, "/regions?range=6h", "none") // the default needs no key
	f("", name, "/regions?range=6h&sort=name", "none")
}

func TestATableHasAnAddressAsCSV(t *testing.T) {
	f := func(address, table, want string) {
		t.Helper()
		tb := Table{Name: table}
		if got := tb.exportLink(page(t, address), "csv"); got != want {
			t.Errorf("table %q of %s: %s, want %s", table, address, got, want)
		}
	}
	f("/", "", "/overview.csv")
	f("/?range=6h&p=95", "losing", "/overview.csv?range=6h&table=losing")
	f("/regions/FRA", "routes", "/regions/FRA.csv?table=routes")
}

func TestRowsBeyondWhatIsShownAreInTheCSV(t *testing.T) {
	table := Table{Rows: make([]TableRow, 5), Shown: 3}
	if len(table.visible()) != 3 {
		t.Errorf("%d rows are shown", len(table.visible()))
	}
	if table.Shown = 0; len(table.visible()) != 5 {
		t.Errorf("without a bound %d rows are shown", len(table.visible()))
	}
	if table.emptyText() != "None." {
		t.Errorf("an empty table says %q", table.emptyText())
	}
}

func TestFewSamplesAreTold(t *testing.T) {
	cell := Greyed(Cell{Text: "5 ms", Raw: "5"}, 19)
	if cell.Class != "few" || cell.Sub != "n=19" {
		t.Errorf("%+v", cell)
	}
	for _, samples := range []query.Num{20, query.None()} {
		if cell := Greyed(Cell{Text: "5 ms", Raw: "5"}, samples); cell.Class != "" {
			t.Errorf("of %v samples: %+v", samples, cell)
		}
	}
	if cell := Greyed(Cell{Text: "–"}, 3); cell.Class != "" || strings.Contains(cell.Sub, "n=") {
		t.Errorf("what is absent is greyed: %+v", cell)
	}
}
