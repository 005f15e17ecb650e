package aesql_test

import (
	"net/http"
	"strings"
	"testing"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

// TestWhoMayAsk: a token tells whose tables they are, whatever account the path names; who may not ask is told as
// Cloudflare tells it.
func TestWhoMayAsk(t *testing.T) {
	c := collectortest.StartTenants(t)
	write := func(token, dataset, body string) {
		t.Helper()
		status, answer := c.Do(t, collectortest.Request{
			Method: http.MethodPost, URL: c.URL("ingest") + "/v1/datapoints/" + dataset, Body: body,
			Headers: collectortest.Bearer(token),
		})
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", dataset, status, answer)
		}
	}
	write(collectortest.ShopToken, "orders", `{"blobs":["shop"],"doubles":[1]}`)
	write(collectortest.NewsToken, "zebras", `{"blobs":["zebra"],"doubles":[1]}`)
	ask := func(query string, headers ...string) (int, string) {
		return c.Do(t, collectortest.Request{
			Method: http.MethodPost, URL: c.URL("query") + path, Body: query + " FORMAT TabSeparated", Headers: headers,
		})
	}
	f := func(query string, status int, want string, headers ...string) {
		t.Helper()
		if code, body := ask(query, headers...); code != status || !strings.Contains(body, want) {
			t.Errorf("%s: got %d %s, want %d %s", query, code, body, status, want)
		}
	}
	shop, news := collectortest.Bearer(collectortest.ReadToken), collectortest.Bearer(collectortest.NewsToken)
	runtest.Eventually(t, func() string { return "the points are not there" }, func() bool {
		_, orders := ask("SELECT blob1 FROM orders", shop...)
		_, zebras := ask("SELECT blob1 FROM zebras", news...)
		return orders == "shop\n" && zebras == "zebra\n"
	})
	f("SHOW TABLES", http.StatusOK, "zebras\n", news...)
	f("SELECT blob1 FROM zebras", http.StatusUnprocessableEntity, "unknown table: zebras", shop...)
	f("SELECT name FROM system.tables WHERE name = 'zebras'", http.StatusOK, "", shop...)
	for _, query := range []string{
		"SHOW TABLES", "SELECT name FROM system.tables", "SELECT table FROM system.columns", "SELECT dataset, blob1 FROM orders",
	} {
		if code, body := ask(query, shop...); code != http.StatusOK || strings.Contains(body, "zebra") {
			t.Errorf("%s: %d %s", query, code, body)
		}
	}
	const envelope = `{"success":false,"errors":[{"code":10000,"message":`
	f("SHOW TABLES", http.StatusUnauthorized, envelope)
	f("SHOW TABLES", http.StatusUnauthorized, envelope, collectortest.Bearer("nobody's")...)
	f("SHOW TABLES", http.StatusForbidden, envelope, collectortest.Bearer(collectortest.PointToken)...)
}
