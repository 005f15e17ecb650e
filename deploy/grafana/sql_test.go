package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// sqlIsAnswered asks SQL as the two plugins do that can: Altinity's with its macros put in ($timeSeries, $timeFilter;
// $columns, which nests), and Infinity.
func sqlIsAnswered(t *testing.T, w *world) {
	t.Helper()
	address := provision(t, "optional/edgescope-sql.yml", environment(w.URL("query")))["edgescope-sql"].URL
	text := fmt.Sprintf("SELECT (intDiv(toUInt32(timestamp), 600) * 600) * 1000 AS t, sum(_sample_interval) AS n, "+
		"avg(double1) AS latency FROM points WHERE timestamp >= toDateTime(%d) AND timestamp <= toDateTime(%d) "+
		"GROUP BY t ORDER BY t", w.from.Unix(), w.to.Unix())
	altinity, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/?query="+
		strings.ReplaceAll(url.QueryEscape(text+" FORMAT JSON"), "+", "%20")+"&database=default&add_http_cors_header=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	infinity, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	columns := fmt.Sprintf("SELECT t, groupArray((place, n)) AS groupArr FROM ( SELECT "+
		"(intDiv(toUInt32(timestamp), 3600) * 3600) * 1000 AS t, blob1 AS place, count() AS n FROM points "+
		"WHERE timestamp >= toDateTime(%d) AND timestamp <= "+
		"toDateTime(%d) GROUP BY t, place ORDER BY t, place) GROUP BY t ORDER BY t FORMAT JSON", w.from.Unix(), w.to.Unix())
	nested, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/?query="+
		strings.ReplaceAll(url.QueryEscape(columns), "+", "%20"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := do(t, nested); status != http.StatusOK ||
		!strings.Contains(strings.ReplaceAll(string(body), " ", ""), `"groupArr":[["AMS","60"]]`) {
		t.Errorf("$columns: %d %s", status, body)
	}
	infinity.Header.Set("Content-Type", "text/plain")
	for name, request := range map[string]*http.Request{"Altinity": altinity, "Infinity": infinity} {
		request.Header.Set("Authorization", "Bearer ")
		status, body := do(t, request)
		var a struct {
			Meta []struct{ Name, Type string }
			Data []struct {
				T       json.Number // a text: 64 bits are more than a number of JavaScript holds
				N       json.Number
				Latency float64
			}
		}
		if err := json.Unmarshal(body, &a); err != nil || status != http.StatusOK {
			t.Errorf("%s: %d %s (%v)", name, status, body, err)
			continue
		}
		if len(a.Meta) != 3 || a.Meta[0].Name != "t" || len(a.Data) != 6 {
			t.Errorf("%s: %s", name, body)
		}
		for i, row := range a.Data {
			want := w.from.UnixMilli() + int64(i)*600_000
			at, err := row.T.Int64()
			if err != nil || at != want || row.N.String() != "10" || row.Latency != 12.5 {
				t.Errorf("%s: row %d is %+v, want 10 points of 12.5 at %d", name, i, row, want)
			}
		}
	}
}
