package app_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"edgescope/cmd/collector/collectortest"
)

// TestInstancesAndRatesAreCountedRight asks a built collector for what many instances of a function sent at one
// instant, for what is known of them, and for rates of the totals of its invocations.
func TestInstancesAndRatesAreCountedRight(t *testing.T) {
	c := collectortest.Start(t, t.TempDir(), "--metrics-resource-labels", "cloud.*")
	d := &doors{ingest: c.URL("ingest"), query: c.URL("query"), now: time.Now()}
	const instances = 20
	for i := range instances {
		resource := fmt.Sprintf(`"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"doors"}},`+
			`{"key":"cloud.account.id","value":{"stringValue":"a-%d"}},{"key":"host.name","value":{"stringValue":"h-%d"}}]}`,
			i%2, i)
		d.accept(t, "/v1/metrics", strings.Replace(strings.Replace(d.counter(-10, 1), doorsResource, resource, 1),
			"faas.coldstarts", "http.server.requests", 1))
		d.accept(t, "/v1/traces", collectortest.Trace("doors", fmt.Sprintf("%032x", i+1), d.now.Add(-time.Minute)))
	}
	d.expectValue(t, `sum(increase(http_server_requests_total{service_name="doors"}[5m]))`, instances, instances)
	d.expectValue(t, `sum(increase(http_server_requests_total{cloud_account_id="a-1"}[5m]))`, instances/2, instances/2)
	d.expectValue(t, `count(target_info{service_name="doors"})`, instances, instances)
	d.expectValue(t, `count(`+joinOfTheDocument(t)+`)`, instances, instances)

	d.expectValue(t, `sum(increase(edge_service_requests{service_name="doors"}[5m]))`, instances, instances)
	d.expectValue(t, `sum(rate(edge_service_requests{service_name="doors"}[5m])) * 300`, instances, instances)
	answer := d.ask(t, "/api/v1/query", "", "query", "rate(edge_service_requests[5m])")
	if !strings.Contains(answer, `"infos":["rate(edge_service_requests[5m]) is asked as `+
		`rate_over_sum(edge_service_requests[5m])`) {
		t.Errorf("no info in %s", answer)
	}
	if answer := d.ask(t, "/select/jaeger/api/services", ""); !strings.HasPrefix(answer,
		`{"data":["doors"],"total":1,`) {
		t.Errorf("services of Jaeger: %s", answer)
	}
}

// joinOfTheDocument is the question of docs/otlp.md that asks by an attribute of the resource.
func joinOfTheDocument(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../../docs/otlp.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("```\n(sum by \\(host_name\\).*target_info\\))\n```").FindSubmatch(doc)
	if found == nil {
		t.Fatal("docs/otlp.md has no question with target_info")
	}
	return string(found[1])
}
