package part

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTabsKeepRangeAndFilters(t *testing.T) {
	list := []Tab{{"Outcomes", "/cache"}, {"Advice", "/cache/advice"}}
	f := func(address string, want []Link) {
		t.Helper()
		if diff := cmp.Diff(want, page(t, address).links(list)); diff != "" {
			t.Errorf("%s: %s", address, diff)
		}
	}
	f("/cache", []Link{{"Outcomes", "/cache", true}, {"Advice", "/cache/advice", false}})
	f("/cache/advice?range=6h&region=GRU&sort=name&after=x", []Link{
		{"Outcomes", "/cache?range=6h&region=GRU", false}, {"Advice", "/cache/advice?range=6h&region=GRU", true},
	})
	f("/cache/GRU", nil) // below the item, but none of its tabs
	if got := page(t, "/traces").Tabs(); got != nil {
		t.Errorf("an item of one page has the tabs %v", got)
	}
}
