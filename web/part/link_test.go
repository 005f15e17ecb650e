package part

import (
	"net/url"
	"testing"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWithSetsOneKeyAndKeepsTheOthers(t *testing.T) {
	f := func(from, key, value, want string) {
		t.Helper()
		if got := With(parse(t, from), key, value); got != want {
			t.Errorf("%s with %s=%s: %s, want %s", from, key, value, got, want)
		}
	}
	f("/regions", "sort", "-p99", "/regions?sort=-p99")
	f("/regions?sort=-p99", "sort", "-p95", "/regions")
	f("/regions?version=b&region=FRA&region=-IAD", "range", "6h", "/regions?range=6h&region=FRA&region=-IAD&version=b")
	f("/?range=6h", "range", "1h", "/")
	f("/?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&p=99", "range", "24h", "/?p=99&range=24h")
	f("/traces?after=abc", "region", "FRA", "/traces?region=FRA")
	f("/traces?region=FRA", "after", "abc", "/traces?after=abc&region=FRA")
	f("/?p=95&cmp=prev&live=1&q=", "service", "", "/")
	f("/regions/a%20b", "p", "50", "/regions/a%20b?p=50")
	f("/traces", "route", "/img/*?w=1&h=2", "/traces?route=%2Fimg%2F%2A%3Fw%3D1%26h%3D2")
}

func TestEqualViewsHaveEqualURLs(t *testing.T) {
	a := With(parse(t, "/?service=x&version=y"), "p", "99")
	b := With(parse(t, "/?version=y&p=99&cmp=prev"), "service", "x")
	if a != b {
		t.Errorf("%s and %s are the same view", a, b)
	}
}

func TestWithoutLiftsOneValue(t *testing.T) {
	if got := Without(parse(t, "/traces?region=FRA&region=IAD&after=x"), "region", "FRA"); got != "/traces?region=IAD" {
		t.Errorf("got %s", got)
	}
}

func TestOtherPagesGetRangeAndFiltersOnly(t *testing.T) {
	u := parse(t, "/traces?range=6h&region=FRA&sort=-start&min=5ms&max=9ms&after=x&base=y")
	if got := To(u, "/cache"); got != "/cache?range=6h&region=FRA" {
		t.Errorf("got %s", got)
	}
	if got := RegionLink(u, "GRU/x"); got != "/regions/GRU/x?range=6h" {
		t.Errorf("got %s", got)
	}
	if got := ToWith(u, "/traces", "region", "IAD"); got != "/traces?range=6h&region=IAD" {
		t.Errorf("got %s", got)
	}
}
