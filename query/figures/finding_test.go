package figures

import (
	"testing"
	"time"

	"edgescope/query"
)

func TestFinding(t *testing.T) {
	row := func(name string, n, p95, before query.Num) query.Row {
		return query.Row{
			Name:   name,
			Stats:  query.Stats{Requests: n, Samples: n, P95: p95, Cache: query.Cache{HitRatio: 0.72}},
			Before: &query.Stats{Samples: n, P95: before, Cache: query.Cache{HitRatio: 0.91}},
		}
	}
	deploys := []query.Deploy{{Version: "v142", At: time.Date(2026, 1, 1, 6, 20, 0, 0, time.UTC)}}
	f := func(regions, routes []query.Row, want string) {
		t.Helper()
		got := "none"
		if x := Find(regions, routes, deploys); x != nil {
			got = x.Severity + ": " + x.Text + x.Region + x.Route
		}
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	f(nil, nil, "none")
	f([]query.Row{row("FRA", 1000, 11, 10)}, nil, "none")
	f([]query.Row{row("FRA", 99, 300, 100)}, nil, "none")
	f([]query.Row{row("FRA", 1000, 4, 2)}, nil, "none")
	f([]query.Row{row("", 1000, 300, 100)}, nil, "none")
	f([]query.Row{row("FRA", 1000, 130, 100), row("GRU", 1000, 164, 100)}, nil,
		"bad: GRU p95 +64 %: 100 ms → 164 ms; cache hit ratio fell 91 % → 72 %; v142 was first seen at 06:20 UTCGRU")
	f([]query.Row{row("FRA", 1000, 130, 100)}, []query.Row{row("/a", 1000, 140, 100)},
		"warn: /a p95 +40 %: 100 ms → 140 ms; cache hit ratio fell 91 % → 72 %; v142 was first seen at 06:20 UTC/a")
}
