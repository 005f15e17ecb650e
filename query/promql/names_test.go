package promql

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestNamesAreAskedAsTheyAreStored(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, infos := Rewrite(text, time.Minute)
		if got != want || (got != text) != (len(infos) > 0) {
			t.Errorf("%s: got %s with %q, want %s", text, got, infos, want)
		}
	}
	f(`{"cloud.region"="x"}`, `{cloud_region="x"}`)
	f(`{"http.server.requests_total","cloud.region"!~"x|y"}`, `http_server_requests_total{cloud_region!~"x|y"}`)
	f(`a{b="c" or "d.e"="f"}`, `a{b="c" or d_e="f"}`)
	f(`sum by ("cloud.region", cloud_region) (a)`, `sum(a) by(cloud_region)`)
	f(`sum without ("a-b") (a)`, `sum(a) without(a_b)`)
	f(`a * on ("x.y") group_left ("z.w") b`, `a * on(x_y) group_left(z_w) b`)
	f(`a / ignoring ("x.y") b`, `a / ignoring(x_y) b`)
	f(`a{b="c"} offset 5m @ ({"d.e"})`, `a{b="c"} offset 5m @ d_e`)
	f(`label_replace(a, "x.y", "$1", "z.w", "a.b")`, `label_replace(a, "x_y", "$1", "z_w", "a.b")`)
	f(`sum by ("x.y") (label_replace(a, "x.y", "b.c", "", ""))`, `sum(label_replace(a, "x_y", "b.c", "", "")) by(x_y)`)
	f(`sum by ("x.y") (count_values("x.y", a))`, `sum(count_values("x_y", a)) by(x_y)`)
	f(`label_set(a, "x.y", "b.c", "z", "d.e")`, `label_set(a, "x_y", "b.c", "z", "d.e")`)
	f(`label_copy(a, "x.y", "z.w")`, `label_copy(a, "x_y", "z_w")`)
	f(`label_move(a, "x.y", "z.w")`, `label_move(a, "x_y", "z_w")`)
	f(`label_map(a, "x.y", "b.c", "d.e")`, `label_map(a, "x_y", "b.c", "d.e")`)
	f(`labels_equal(a, "x.y", "z")`, `labels_equal(a, "x_y", "z")`)
	f(`label_lowercase(a, "x.y")`, `label_lowercase(a, "x_y")`)
	f(`histogram_quantile(0.5, a, "x.y")`, `histogram_quantile(0.5, a, "x_y")`)
	f(`quantiles_over_time("x.y", 0.5, 0.9, a[5m])`, `quantiles_over_time("x_y", 0.5, 0.9, a[5m])`)
	f(`label_join(a, "d.e", "x.y", "x.y", "z")`, `label_join(a, "d_e", "x.y", "x_y", "z")`)
	f(`sort_by_label(a, "x.y", "z")`, `sort_by_label(a, "x_y", "z")`)
	f(`label_value(a, "x.y")`, `label_value(a, "x_y")`)
	f(`{"ünï.cödé"="x"}`, `{key_n_c_d_="x"}`)
	f(`{"1a"="x"}`, `{key_1a="x"}`)
	f(`{"a\"b"="c"}`, `{a_b="c"}`)
	f(`{"a..b"="c"}`, `{a_b="c"}`)
	f(`{"..http..x..","y"="z"}`, `http_x{y="z"}`)
	f(`{"1.x"}`, `_1_x`)
	f(`{"sum:rate.5m"}`, `sum:rate_5m`)
	f(`a\.b{c\.d="e"}`, `a_b{c_d="e"}`)
	f(`WITH (f = {"a.b"="c"}) m{f}`, `m{a_b="c"}`)
	// A question over totals by a name with dots is one over totals.
	f(`rate({"edge.service.requests","service.name"="shop"}[5m])`, `rate_over_sum(edge_service_requests{service_name="shop"}[5m])`)

	for _, same := range []string{
		`{cloud_region="x.y"}`, `{__name__=~"a\\.b"}`, `sum by (a) ("b.c" > 1.5)`, `rate(http_total{a="b.c"}[5m])`,
		`label_set(a, "b", "c.d")`, `{"a"="b"}`, `{"up"}`, `foo{"bar"}`, `"x.y"`, `1.5`, `{".`,
	} {
		f(same, same)
	}
}

// TestTextsAreFormattedForEveryParser: MetricsQL would write other names with backslashes.
func TestTextsAreFormattedForEveryParser(t *testing.T) {
	h := &handler{engine: fakeCost{}}
	f := func(text, want string) {
		t.Helper()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?query="+url.QueryEscape(text), http.NoBody)
		if err := errors.Join(r.ParseForm(), h.formatQuery(w, &question{Request: r})); err != nil {
			t.Fatal(err)
		}
		if got := w.Body.String(); got != `{"status":"success","data":`+want+`}` {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	f(`sum by("a.b") ({"c.d","e f"="g"})`, `"sum(c_d{e_f=\"g\"}) by(a_b)"`)
	f(`WITH (a = b) sum(a)`, `"WITH (a = b) sum(a)"`)
}

// fakeCost takes every text.
type fakeCost struct{ Engine }

func (fakeCost) PrometheusCost(*http.Request) (least, most int64, err error) { return 0, 0, nil }

// FuzzErrors: whatever is wrong with a text is told of a place within it.
func FuzzErrors(f *testing.F) {
	for _, seed := range []string{"sum(", "a b", "foo(a)", "1 +\n\xff", `{a=~"("}`, `"\xff`, "é + ü ü", `a{"b"`, "with (a=b) c d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 || strings.Count(text, "(") > 20 { // templates may double themselves; a guard refuses those
			return
		}
		_, err := parse("query", text)
		if err == nil {
			return
		}
		var line, column int
		said := strings.TrimPrefix(err.Error(), `invalid parameter "query": `)
		if n, _ := fmt.Sscanf(said, "%d:%d:", &line, &column); n < 2 {
			return // not every error has a place
		}
		lines := strings.Split(text, "\n")
		if line < 1 || line > len(lines) || column < 1 || column > utf8.RuneCountInString(lines[line-1])+1 {
			t.Errorf("%q has no %d:%d: %s", text, line, column, said)
		}
	})
}

func TestEscapedNamesAreRead(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := unescape(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	// Prometheus, common/model, TestUnescapeName, says the same.
	f("U__cloud_2e_region", "cloud.region")
	f("U__mysystem_2e_prod_2e_west_2e_cpu_2e_load", "mysystem.prod.west.cpu.load")
	f("U__http_2e_status:sum", "http.status:sum")
	f("U__label_20_with_20__f1_", "label with ñ")
	f("U__a__b", "a_b")
	f("U___1f600_", "😀")
	f("U__", "")
	for _, same := range []string{
		"service_name", "U_a", "u__a_2e_b", "U__a_", "U__a_2e", "U__a_zz_", "U__a_d800_", "U__a_1234567_", "U__a_110000_",
	} {
		f(same, same)
	}
}

func TestValuesOfALabelAreAskedByItsStoredName(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		if got := labelPath(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	f("/api/v1/label/U__cloud_2e_region/values", "/api/v1/label/cloud_region/values")
	f("/api/v1/label/cloud.region/values", "/api/v1/label/cloud_region/values")
	f("/api/v1/label/__name__/values", "/api/v1/label/__name__/values")
	f("/api/v1/label/a/b/values", "/api/v1/label/a_b/values")
	f("/api/v1/label//values", "/api/v1/label//values")
	f("/api/v1/label/a", "/api/v1/label/a")
	f("/api/v1/labels", "/api/v1/labels")
}

// FuzzNames: a stored name is stored as itself, and reading an escaped name makes no text that is none.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"cloud.region", "U__a_2e_b", "U___1f600_", "1é", "_.x", "a:b", "..", "U__a__"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		label, metric := storedLabel(name), storedMetric(name)
		if storedLabel(label) != label || storedMetric(metric) != metric {
			t.Errorf("%q is stored as %q, %q, and those as %q, %q", name, label, metric, storedLabel(label),
				storedMetric(metric))
		}
		if label != "" && !isStored(label, "") || metric != "" && !isStored(metric, ":") {
			t.Errorf("%q is stored as %q, %q", name, label, metric)
		}
		if utf8.ValidString(name) && !utf8.ValidString(unescape(name)) {
			t.Errorf("%q is read as %q", name, unescape(name))
		}
	})
}
