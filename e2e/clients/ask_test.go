package clients_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"edgescope/query"
)

// Kinds of events, as LogsQL takes them in the header ProjectID.
const (
	spans      = "0"
	logs       = "1"
	dataPoints = "2"
)

// invocation is what an answer says of one. Empty is absent.
type invocation struct {
	Platform, Region, Colo, Country, Route, Status, Outcome, Cold, Cache string
}

func (i invocation) compare(o invocation) int {
	return cmp.Compare(fmt.Sprintf("%+v", i), fmt.Sprintf("%+v", o))
}

// ask returns the answer to a GET with parameters on the query port.
func (c collector) ask(t *testing.T, path, kind string, params ...string) []byte {
	t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		v.Set(params[i], params[i+1])
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL("query")+path+"?"+v.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("ProjectID", kind)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d, %v: %.300s", req.URL, res.StatusCode, err, body)
	}
	return body
}

// rows returns the events of a kind that LogsQL finds.
func (c collector) rows(t *testing.T, kind, filter string) (rows []map[string]string) {
	t.Helper()
	body := c.ask(t, "/select/logsql/query", kind, "query", filter, "start",
		time.Now().Add(-time.Hour).Format(time.RFC3339), "limit", "1000")
	for d := json.NewDecoder(strings.NewReader(string(body))); ; {
		var row map[string]string
		if err := d.Decode(&row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v: %.300s", filter, err, body)
		}
		rows = append(rows, row)
	}
	return rows
}

// waitFor waits until LogsQL finds as many events.
func (c collector) waitFor(t *testing.T, kind, filter string, n int) (rows []map[string]string) {
	t.Helper()
	eventually(t, func() string { return fmt.Sprintf("%s finds %d events, want %d: %v", filter, len(rows), n, rows) },
		func() bool {
			rows = c.rows(t, kind, filter)
			return len(rows) == n
		})
	return rows
}

// expect waits for the invocations of a service, in any order, and compares all that LogsQL, the traces and the totals
// of the dashboard's API say of them.
func (c collector) expect(t *testing.T, kind, service string, want ...invocation) {
	t.Helper()
	slices.SortFunc(want, invocation.compare)
	c.expectEvents(t, kind, fmt.Sprintf(`"service.name":=%q`, service), want)
	if kind == spans {
		c.expectTraces(t, service, want)
	}
	if !t.Failed() {
		c.expectTotals(t, service, want)
	}
}

// expectEvents waits for the invocations that match a filter and compares what LogsQL says of them.
func (c collector) expectEvents(t *testing.T, kind, filter string, want []invocation) {
	t.Helper()
	slices.SortFunc(want, invocation.compare)
	var got []invocation
	for _, row := range c.waitFor(t, kind, filter+` "edge.invocation":="true"`, len(want)) {
		status := row["http.response.status_code"]
		if row["edge.status.inferred"] != "" {
			status += " inferred"
		}
		route := row["http.route"]
		if row["edge.route.inferred"] != "" {
			route += " inferred"
		}
		got = append(got, invocation{
			Platform: row["cloud.platform"], Region: row["cloud.region"], Colo: row["edge.colo"],
			Country: row["geo.country.iso_code"], Route: route, Status: status,
			Outcome: row["edge.outcome"], Cold: row["faas.coldstart"], Cache: row["edge.cache.status"],
		})
	}
	slices.SortFunc(got, invocation.compare)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("invocations with %s in LogsQL (-want +got):\n%s", filter, diff)
	}
}

// expectTraces compares with what the API says, which knows neither PoP, country nor what was inferred, and platforms
// as a filter.
func (c collector) expectTraces(t *testing.T, service string, want []invocation) {
	t.Helper()
	var wanted, got []invocation
	for _, i := range want {
		i.Colo, i.Country, i.Status, i.Route = "", "", strings.TrimSuffix(i.Status, " inferred"),
			strings.TrimSuffix(i.Route, " inferred")
		wanted = append(wanted, i)
	}
	platform := "platform:unknown"
	if want[0].Platform != "" {
		platform = "platform:" + want[0].Platform
	}
	answer := unmarshal[query.Traces](t, c.ask(t, "/api/edge/v1/traces", "", "service", service, "q", platform))
	for _, i := range answer.Traces {
		status := ""
		if i.Status != 0 {
			status = strconv.Itoa(i.Status)
		}
		got = append(got, invocation{
			Platform: want[0].Platform, Region: i.Region, Route: i.Route, Status: status, Outcome: i.Outcome,
			Cold: i.Cold, Cache: i.Cache,
		})
	}
	slices.SortFunc(wanted, invocation.compare)
	slices.SortFunc(got, invocation.compare)
	if diff := gocmp.Diff(wanted, got); diff != "" {
		t.Errorf("traces of %s (-want +got):\n%s", service, diff)
	}
}

// totals are what rollups say of a service.
type totals struct{ Requests, Errors, Cold, Warm, Hit, Miss float64 }

// expectTotals waits until the totals of a service are those of its invocations.
func (c collector) expectTotals(t *testing.T, service string, invocations []invocation) {
	t.Helper()
	want := totals{Requests: float64(len(invocations))}
	for _, i := range invocations {
		count(&want.Errors, i.Outcome != "ok")
		count(&want.Cold, i.Cold == "true")
		count(&want.Warm, i.Cold == "false")
		count(&want.Hit, i.Cache == "hit")
		count(&want.Miss, i.Cache == "miss")
	}
	var got totals
	eventually(t, func() string { return fmt.Sprintf("totals of %s are %+v, want %+v", service, got, want) },
		func() bool {
			o := unmarshal[query.Overview](t, c.ask(t, "/api/edge/v1/overview", "", "service", service))
			got = totals{
				Requests: float64(o.Total.Requests), Errors: float64(o.Total.Errors), Cold: float64(o.Total.Cold),
				Warm: float64(o.Total.Warm),
				Hit:  float64(o.Total.Cache.Hit), Miss: float64(o.Total.Cache.Miss),
			}
			return got == want
		})
}

func count(n *float64, holds bool) {
	if holds {
		*n++
	}
}

// expectValue waits until a question in MetricsQL has that one answer.
func (c collector) expectValue(t *testing.T, question string, want float64) {
	t.Helper()
	var got []byte
	eventually(t, func() string { return fmt.Sprintf("%s answers %s, want %v", question, got, want) }, func() bool {
		got = c.ask(t, "/api/v1/query", "", "query", question)
		answer := unmarshal[struct {
			Data struct {
				Result []struct{ Value [2]any }
			}
		}](t, got)
		if len(answer.Data.Result) != 1 {
			return false
		}
		text, _ := answer.Data.Result[0].Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		return err == nil && v == want
	})
}

// expectFields compares some fields of a row; an empty one must be absent.
func expectFields(t *testing.T, row map[string]string, pairs ...string) {
	t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := row[pairs[i]]; got != pairs[i+1] {
			t.Errorf("%s is %q, want %q, in %v", pairs[i], got, pairs[i+1], row)
		}
	}
}

func unmarshal[A any](t *testing.T, body []byte) (a A) {
	t.Helper()
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	return a
}
