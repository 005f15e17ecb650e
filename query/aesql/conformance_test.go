package aesql_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// cases reads a file of cases.
func cases(t testing.TB, data []byte) []*sqlCase {
	t.Helper()
	var all []*sqlCase
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestConformance asks one collector what fixtures/sql, Cloudflare's documentation and users ask. The rows that are
// expected were computed from the data by plain arithmetic, not by an engine of SQL.
func TestConformance(t *testing.T) {
	c := collector(t)
	for _, name := range []string{"documented", "users"} {
		t.Run(name, func(t *testing.T) {
			for _, one := range cases(t, read(t, name+".json")) {
				t.Run(one.Name, func(t *testing.T) { one.run(t, c) })
			}
		})
	}
	t.Run("shared", func(t *testing.T) {
		var file struct {
			Dataset, Data string
			Cases         []*sqlCase
		}
		if err := json.Unmarshal(shared(t, "cases.json"), &file); err != nil {
			t.Fatal(err)
		}
		post(t, c, map[string][]byte{file.Dataset: shared(t, file.Data)})
		for _, one := range file.Cases {
			t.Run(one.Name, func(t *testing.T) { one.run(t, c) })
		}
	})
}

// altinity is a request of Grafana's plugin vertamedia-clickhouse-datasource: what its sources send, with macros
// expanded as they do.
type altinity struct {
	sqlCase
	// Params are the parameters beside query. Default: all that its settings can add.
	Params *string
	// Backend: it is Grafana that asks, not its page.
	Backend bool
}

func TestRequestsOfGrafanasPlugin(t *testing.T) {
	c := collector(t)
	var requests []*altinity
	if err := json.Unmarshal(read(t, "altinity.json"), &requests); err != nil {
		t.Fatal(err)
	}
	for _, r := range requests {
		t.Run(r.Name, func(t *testing.T) {
			params := "database=default&add_http_cors_header=1&enable_http_compression=1" +
				"&output_format_json_quote_64bit_integers=1"
			if r.Params != nil {
				params = *r.Params
			}
			line, header := "GET "+path+"/?"+params, []string{"Accept-Encoding", "gzip"}
			if r.Backend {
				line, header = "POST "+path, []string{"X-ClickHouse-User", "default", "X-ClickHouse-Key", ""}
			}
			status, body := send(t, c, line, fill(r.Query)+" FORMAT JSON", header...)
			if status != http.StatusOK {
				t.Fatalf("%s\n%d %s", r.Query, status, body)
			}
			got, err := rowsOf(body, &r.sqlCase)
			if err != nil {
				t.Fatalf("%s\n%v: %s", r.Query, err, body)
			}
			r.compare(t, got)
		})
	}
}
