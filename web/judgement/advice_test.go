package judgement

import (
	"net/url"
	"strings"
	"testing"

	"edgescope/query"
	"edgescope/web/part"
)

func TestAdviceLeadsToTheMissesOfItsRoute(t *testing.T) {
	u, err := url.Parse("/cache/advice?range=6h&target=90&q=method:GET")
	if err != nil {
		t.Fatal(err)
	}
	p := &part.Page{URL: u}
	got := missesOf(p, &query.CacheKeyAdvice{Service: "shop", Region: "GRU", Route: "/img/*"})
	want := "/traces?cache=expired&cache=miss&q=method%3AGET&range=6h&region=GRU&route=%2Fimg%2F%2A&service=shop"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got = missesOf(p, &query.CacheKeyAdvice{}); !strings.Contains(got, "region=unknown&route=unknown") {
		t.Errorf("of what has no route: %s", got)
	}
}

// TestFewRequestsAreSaid holds that what was not replayed for want of requests says so, and what was not replayed
// otherwise is absent.
func TestFewRequestsAreSaid(t *testing.T) {
	p := &part.Page{URL: &url.URL{Path: "/cache/advice"}}
	none := query.None()
	unknown := query.Figure{Value: none, Low: none, High: none}
	advice := func(requests query.Num) query.CacheKeyAdvice {
		return query.CacheKeyAdvice{
			Requests: requests, Keys: none, Configured: none, Kept: unknown, Doubled: unknown, ForTarget: unknown,
			Together: unknown, HitTime: none,
		}
	}
	table := adviceTable(p, &query.CacheAdvice{Target: .9, Advice: []query.CacheKeyAdvice{advice(37), advice(5000)}})
	text := func(row int) string {
		var all []string
		for _, c := range table.Rows[row].Cells {
			all = append(all, c.Text+" "+c.Sub)
		}
		return strings.Join(all, "|")
	}
	if !strings.Contains(text(0), "too few n=37") || strings.Contains(text(1), "too few") {
		t.Errorf("%s\n%s", text(0), text(1))
	}
	for i := range table.Columns {
		if table.Columns[i].Title == "for 90 % hits" {
			return
		}
	}
	t.Errorf("no column is of the target: %+v", table.Columns)
}
