package embedded_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"edgescope/store"
)

func TestPrometheusCost(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	f := func(want error, path string, params ...string) (least, most int64) {
		t.Helper()
		form := url.Values{}
		for i := 0; i < len(params); i += 2 {
			form.Add(params[i], params[i+1])
		}
		for _, r := range []*http.Request{
			httptest.NewRequest(http.MethodGet, path+"?"+form.Encode(), http.NoBody),
			httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode())),
		} {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			var err error
			if least, most, err = s.PrometheusCost(r); !errors.Is(err, want) {
				t.Errorf("%s %s %.100q: %v, want %v", r.Method, path, params, err, want)
			}
		}
		return least, most
	}
	bomb := "WITH (a=x+x" + strings.Repeat(",b=a+a,a=b+b", 20) + ") a"
	for _, path := range []string{
		"/api/v1/query", "/prometheus/api/v1/query_range", "/prettify-query",
		"/expand-with-exprs",
	} {
		f(store.ErrTooMuch, path, "query", bomb)
		f(nil, path, "query", "sum(up)")
	}
	for _, key := range []string{"match[]", "match", "extra_filters[]", "extra_filters"} {
		f(store.ErrTooMuch, "/api/v1/series", key, "up", key, bomb)
	}
	many := []string{}
	for range 101 {
		many = append(many, "match[]", "up")
	}
	f(store.ErrTooMuch, "/api/v1/labels", many...)
	f(store.ErrBadQuery, "/api/v1/query", "query", "sum(")

	one, _ := f(nil, "/api/v1/query", "query", "rand()")
	points, _ := f(nil, "/api/v1/query_range", "query", "rand()", "start", "-100s", "end", "now", "step", "1s")
	if one == 0 || points != 101*one {
		t.Errorf("rand() makes %d bytes once, %d at 101 points", one, points)
	}
	if _, err := s.Series(t.Context(), store.SeriesQuestion{
		MetricsQL: bomb, From: time.Now(), To: time.Now(),
	}); !errors.Is(err, store.ErrTooMuch) {
		t.Errorf("Series: %v", err)
	}
}
