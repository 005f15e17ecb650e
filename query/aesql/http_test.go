package aesql_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/aesql"
	"edgescope/store"
)

// fake is a store that answers the tables that it has, and for the rest what rows says.
type fake struct {
	store.Reader
	tables []string
	asked  []store.RowsQuestion
	rows   func(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error
}

func (f *fake) Rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	f.asked = append(f.asked, q)
	if !strings.Contains(q.LogsQL, "uniq by (dataset)") {
		return f.rows(ctx, q, emit)
	}
	for _, name := range f.tables {
		if err := emit(store.Row{{Name: "dataset", Value: name}}); err != nil {
			return err
		}
	}
	return nil
}

// request makes a request, "METHOD target", of a handler in this process.
func request(t *testing.T, h http.Handler, line, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// one is the answer to SELECT 1.
const one = `{"meta":[{"name":"1","type":"UInt8"}],"data":[{"1":1}],"rows":1}`

func TestWaysToAsk(t *testing.T) {
	h := aesql.New(&fake{}, aesql.Options{})
	f := func(method, target, body string, header ...string) {
		t.Helper()
		if w := request(t, h, method+" "+target, body, header...); w.Code != http.StatusOK || w.Body.String() != one {
			t.Errorf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
	}
	f("POST", path, "SELECT 1")
	f("POST", path+"/", "SELECT 1", "Content-Type", "application/json;charset=UTF-8")
	f("POST", path, "SELECT 1", "Content-Type", "application/x-www-form-urlencoded")
	f("POST", path, "SELECT 1", "Content-Type", "multipart/form-data")
	f("POST", path, "\ufeffSELECT 1;\r\n", "Content-Type", "text/plain")
	f("POST", path+"?query=SELECT+2&database=default", "SELECT 1", "X-ClickHouse-User", "default")
	f("POST", path+"?query=SELECT+1", "")
	f("POST", path+"?query=100%", "SELECT 1")
	f("GET", path+"?query=SELECT+1;&database=x", "")
	f("GET", path+"?query=SELECT+1", "")
	f("GET", path+"/?query=SELECT%201%20FORMAT%20JSON&database=x&add_http_cors_header=1&enable_http_compression=1"+
		"&output_format_json_quote_64bit_integers=1", "", "Accept-Encoding", "gzip")
	f("GET", "/client/v4/accounts/any%20text/analytics_engine/sql?query=SELECT+1", "")
	if w := request(t, h, "HEAD "+path+"?query=SELECT+1", ""); w.Code != http.StatusOK ||
		w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
}

func TestErrorsHaveCloudflaresShapes(t *testing.T) {
	refuse := errors.New("no tenant has this name")
	h := aesql.New(&fake{rows: func(context.Context, store.RowsQuestion, func(store.Row) error) error {
		return errors.New("the disk is on fire")
	}, tables: []string{"t"}}, aesql.Options{Options: query.Options{Tenant: func(r *http.Request) (edge.Tenant, error) {
		if r.Header.Get("Nobody") != "" {
			return 0, refuse
		}
		return 0, nil
	}}})
	f := func(method, target, body string, status, code int, message string, header ...string) {
		t.Helper()
		w := request(t, h, method+" "+target, body, header...)
		if w.Code != status {
			t.Errorf("%s %s %s: %d, want %d: %s", method, target, body, w.Code, status, w.Body)
			return
		}
		if status == http.StatusUnprocessableEntity {
			if got := w.Body.String(); !strings.Contains(got, message) || !strings.HasSuffix(got, "\n") ||
				!strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
				t.Errorf("%s: got %v %s, want %s", body, w.Header(), got, message)
			}
			return
		}
		var envelope struct {
			Success *bool
			Errors  []struct {
				Code    int
				Message string
			}
			Messages []any
			Result   json.RawMessage
		}
		d := json.NewDecoder(w.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&envelope); err != nil || envelope.Success == nil || *envelope.Success ||
			envelope.Messages == nil || string(envelope.Result) != "null" || len(envelope.Errors) != 1 ||
			envelope.Errors[0].Code != code || !strings.Contains(envelope.Errors[0].Message, message) {
			t.Errorf("%s %s: got %+v, want %d %s (%v)", method, target, envelope, code, message, err)
		}
	}
	f("POST", path, "SELECT", 422, 0, "1:7: ")
	f("POST", path, "SELECT 1 FROM nosuch", 422, 0, "unknown table: nosuch")
	f("POST", path, "", 422, 0, "the query is empty")
	f("GET", path, "", 422, 0, "the parameter query is missing")
	f("GET", path+"?sql=SELECT+1", "", 422, 0, "the parameter query is missing")
	f("GET", path+"?query=SELECT+blob1+LIKE+'a%'", "", 422, 0, `the parameter query: invalid URL escape "%'": write % as %25`)
	f("POST", path+"?query=%ZZ", "", 422, 0, "write % as %25, or POST the query as the body")
	f("POST", path, "SELECT '"+strings.Repeat("x", 1<<16)+"'", 422, 0, "more than 65536 bytes")
	f("POST", path, "SELECT 1", 403, 10000, "no tenant has this name", "Nobody", "1")
	f("POST", path+"x", "SELECT 1", 404, 7003, "want /client/v4/accounts/{account}/analytics_engine/sql")
	f("GET", "/client/v4/accounts/x", "", 404, 7003, "no such path")
	f("DELETE", path, "", 405, 405, "use POST, or GET")
	f("POST", path, "x", 415, 415, "send the query as it is, not in gzip", "Content-Encoding", "gzip")
	f("POST", path, "SELECT blob1 FROM t", 500, 500, "internal error")
	if w := request(t, h, "PUT "+path, ""); w.Header().Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("Allow: %q", w.Header())
	}
}

func TestLimitsAreToldByTheirStatus(t *testing.T) {
	f := func(err error, status int, text string) {
		t.Helper()
		h := aesql.New(&fake{tables: []string{"t"}, rows: func(
			context.Context, store.RowsQuestion, func(store.Row) error,
		) error {
			return err
		}}, aesql.Options{})
		w := request(t, h, "POST "+path, "SELECT blob1 FROM t")
		if w.Code != status || !strings.Contains(w.Body.String(), text) {
			t.Errorf("%v: got %d %s, want %d %s", err, w.Code, w.Body, status, text)
		}
	}
	f(fmt.Errorf("scan: %w", store.ErrTooMuch), 422, "too expensive")
	f(fmt.Errorf("scan: %w", context.DeadlineExceeded), 503, `"success":false`)
	f(fmt.Errorf("our own text: %w", store.ErrBadQuery), 500, "internal error")
}

// manyRows gives rows without end.
func manyRows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	for i := range 1_000_000 {
		at := q.From.Add(time.Duration(i) * time.Microsecond)
		row := store.Row{{Name: "_time", Value: strconv.FormatInt(at.UnixNano(), 10)}, {Name: "blob1", Value: "x"}}
		if err := emit(row); err != nil || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

func TestHowManyRowsAnAnswerMayHave(t *testing.T) {
	h := aesql.New(&fake{tables: []string{"t"}, rows: manyRows}, aesql.Options{})
	f := func(text string, status, lines int, part string) {
		t.Helper()
		w := request(t, h, "POST "+path, text)
		if got := strings.Count(w.Body.String(), "x"); w.Code != status || lines > 0 && got != lines ||
			!strings.Contains(w.Body.String(), part) {
			t.Errorf("%s: %d, %d rows, %.200s", text, w.Code, got, w.Body)
		}
	}
	f("SELECT blob1 AS v FROM t", 422, 0, "the answer has more than 100000 rows: add LIMIT, or FORMAT JSONEachRow")
	f("SELECT blob1 AS v FROM t LIMIT 100000", 200, 100_000, `"rows":100000`)
	f("SELECT blob1 AS v FROM t LIMIT 200000", 200, 200_000, `"rows":200000`)
	f("SELECT blob1 AS v FROM t LIMIT ALL OFFSET 1", 422, 0, "more than 100000 rows")
	f("SELECT blob1 AS v FROM t FORMAT TabSeparated", 200, 1_000_000, "")
}

// TestAnErrorOfALateRowIsToldWithItsStatus while nothing of the answer was sent: up to 1 MiB of JSON.
func TestAnErrorOfALateRowIsToldWithItsStatus(t *testing.T) {
	h := aesql.New(&fake{tables: []string{"t"}, rows: func(
		_ context.Context, _ store.RowsQuestion, emit func(store.Row) error,
	) error {
		for i := range 50_000 {
			if err := emit(store.Row{{Name: "double1", Value: strconv.Itoa(10_000 - i)}}); err != nil {
				return err
			}
		}
		return nil
	}}, aesql.Options{})
	w := request(t, h, "POST "+path, "SELECT intDiv(1, double1) AS v FROM t LIMIT 40000")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "1:8: ") {
		t.Errorf("got %d %.300s", w.Code, w.Body)
	}
}

func TestHalfAnAnswerBreaksTheConnection(t *testing.T) {
	h := aesql.New(&fake{tables: []string{"t"}, rows: func(
		ctx context.Context, q store.RowsQuestion, emit func(store.Row) error,
	) error {
		for range 10_000 {
			if err := emit(store.Row{{Name: "blob1", Value: "a long enough text"}}); err != nil {
				return err
			}
		}
		return errors.New("the disk is on fire")
	}}, aesql.Options{})
	defer func() {
		if recover() != http.ErrAbortHandler { //nolint:errorlint // the panic's own value
			t.Error("the connection goes on")
		}
	}()
	request(t, h, "POST "+path, "SELECT blob1 FROM t FORMAT TabSeparated")
}

// TestATableIsThereWithItsFirstPoint although names of tables are remembered.
func TestATableIsThereWithItsFirstPoint(t *testing.T) {
	store := &fake{rows: func(context.Context, store.RowsQuestion, func(store.Row) error) error { return nil }}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := aesql.New(store, aesql.Options{Options: query.Options{Now: func() time.Time { return now }}})
	f := func(text string, status, asked int, part string) {
		t.Helper()
		store.asked = nil
		w := request(t, h, "POST "+path, text)
		if w.Code != status || !strings.Contains(w.Body.String(), part) || len(store.asked) != asked {
			t.Errorf("%s: got %d, %d questions, %s", text, w.Code, len(store.asked), w.Body)
		}
	}
	f("SELECT count() AS n FROM new FORMAT TabSeparated", 422, 2, "unknown table: new")
	store.tables = []string{"new"}
	f("SELECT count() AS n FROM new FORMAT TabSeparated", 200, 2, "0\n") // for the name, and the rows
	f("SELECT count() AS n FROM new FORMAT TabSeparated", 200, 1, "0\n")
	store.tables = []string{"new", "newer"}
	f("SHOW TABLES FORMAT TabSeparated", 200, 1, "new\nnewer\n")
	now = now.Add(time.Minute)
	f("SELECT count() AS n FROM newer FORMAT TabSeparated", 200, 2, "0\n")
	f("SELECT 1 FORMAT TabSeparated", 200, 0, "1\n")
}

func TestTablesOfATenantAreItsOwn(t *testing.T) {
	store := &fake{tables: []string{"t"}}
	h := aesql.New(store, aesql.Options{Options: query.Options{Tenant: func(r *http.Request) (edge.Tenant, error) {
		return edge.Tenant(len(r.Header.Get("Tenant"))), nil
	}}})
	for _, tenant := range []string{"", "x", "xx"} {
		store.asked = nil
		request(t, h, "POST "+path, "SELECT name FROM system.tables", "Tenant", tenant)
		if len(store.asked) != 1 || store.asked[0].Tenant != edge.Tenant(len(tenant)) ||
			store.asked[0].Kind != edge.KindDataPoint {
			t.Errorf("tenant %q: asked %+v", tenant, store.asked)
		}
	}
}
