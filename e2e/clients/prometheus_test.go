package clients_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// TestPrometheusClient asks by the client of Prometheus' API for Go, which promtool, Jaeger and operators of Kubernetes
// are made of: all that a backend of its kind answers, names with dots included, and what it does not.
func TestPrometheusClient(t *testing.T) {
	t.Parallel()
	c := startCollector(t)
	now := time.Now().Truncate(time.Second)
	c.sendAlarming(t, now)
	c.sendGauge(t, "office.temperature", 21.5, "room.name", "Küche", "floor", "2")
	c.expectValue(t, `sum(sum_over_time(edge_service_requests{service_name=~"ill|silent|well"}[1h]))`, 360)
	c.expectValue(t, `office_temperature`, 21.5)
	p := prometheusClient(t, c.URL("query"), "")
	ctx, from, to := t.Context(), now.Add(-time.Hour), now.Add(time.Minute)

	t.Run("questions", func(t *testing.T) {
		at := time.Now()
		value := func(question string, want string) {
			t.Helper()
			v, warnings, err := p.Query(ctx, question, at)
			if got, _, _ := strings.Cut(fmt.Sprint(v), " @"); err != nil || len(warnings) > 0 || got != want {
				t.Errorf("%s: %v, %v, %v; want %s", question, v, warnings, err, want)
			}
		}
		value("1+1", "{} => 2") // a scalar of Prometheus: this engine has none
		value(`sum by (service_name) (sum_over_time(edge_service_requests{service_name="ill"}[1h]))`,
			`{service_name="ill"} => 120`)
		value(`sum by ("service.name") (sum_over_time({"edge.service.requests", "service.name"="ill"}[1h]))`,
			`{service_name="ill"} => 120`)
		value(`{"office.temperature", "room.name"="Küche"}`,
			`office_temperature{edge_tenant="0", floor="2", job="office", room_name="Küche", service_name="office"} => 21.5`)
		value(`nothing_of_that_name`, "")
	})
	t.Run("range", func(t *testing.T) {
		v, _, err := p.QueryRange(ctx, `sum by (service_name) (sum_over_time(edge_service_requests{service_name!=""}[1m]))`,
			prometheus.Range{Start: now.Add(-30 * time.Minute).Truncate(time.Minute), End: to.Truncate(time.Minute), Step: time.Minute})
		matrix, ok := v.(model.Matrix)
		if err != nil || !ok || len(matrix) != 3 {
			t.Fatalf("%v, %v", v, err)
		}
		got := map[string]float64{}
		for _, series := range matrix {
			for _, sample := range series.Values {
				got[string(series.Metric["service_name"])] += float64(sample.Value)
			}
		}
		if want := map[string]float64{"ill": 120, "well": 120, "silent": 120}; !gocmp.Equal(got, want) {
			t.Errorf("the values of all minutes add up to %v, want %v", got, want)
		}
	})
	t.Run("names", func(t *testing.T) {
		names, _, err := p.LabelNames(ctx, []string{`{__name__="office_temperature"}`}, from, to)
		want := model.LabelNames{"__name__", "edge_tenant", "floor", "job", "room_name", "service_name"}
		if err != nil || !gocmp.Equal(names, want) {
			t.Errorf("names of labels: %v, %v; want %v", names, err, want)
		}
		f := func(label string, want ...model.LabelValue) {
			t.Helper()
			values, _, err := p.LabelValues(ctx, label, nil, from, to)
			if err != nil || !slices.Equal(values, want) {
				t.Errorf("values of %s: %v, %v; want %v", label, values, err, want)
			}
		}
		f("floor", "2")
		f("room_name", "Küche")
		f(model.EscapeName("room.name", model.ValueEncodingEscaping), "Küche")
		f("nothing_of_that_name")
		values, _, err := p.LabelValues(ctx, "service_name", nil, from, to, prometheus.WithLimit(2))
		if err != nil || len(values) != 2 {
			t.Errorf("two services: %v, %v", values, err)
		}
		series, _, err := p.Series(ctx, []string{`{"office.temperature"}`, `edge_service_events{service_name="ill"}`}, from, to)
		found := []string{}
		for _, s := range series {
			found = append(found, string(s["__name__"]))
		}
		slices.Sort(found)
		if want := []string{"edge_service_events", "office_temperature"}; err != nil || !gocmp.Equal(slices.Compact(found), want) {
			t.Errorf("series %v, %v", series, err)
		}
	})
	t.Run("metadata", func(t *testing.T) {
		all, err := p.Metadata(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		for name, kind := range map[string]prometheus.MetricType{
			"edge_service_requests": prometheus.MetricTypeGauge, "office_temperature": prometheus.MetricTypeGauge,
		} {
			if of := all[name]; len(of) != 1 || of[0].Type != kind {
				t.Errorf("metadata of %s: %v, want the type %s", name, of, kind)
			}
		}
		one, err := p.Metadata(ctx, "edge_service_duration_seconds_sum", "1")
		if err != nil || len(one) != 1 || one["edge_service_duration_seconds_sum"][0].Help == "" {
			t.Errorf("metadata of one metric: %v, %v", one, err)
		}
	})
	t.Run("the rest", func(t *testing.T) { askTheRest(t, p, from, to) })
	t.Run("errors", func(t *testing.T) {
		_, _, err := p.Query(ctx, "sum(", now)
		var told *prometheus.Error
		if !errors.As(err, &told) || told.Type != prometheus.ErrBadData || told.Msg == "" {
			t.Errorf("a question that does not parse: %v", err)
		}
		_, _, err = p.QueryRange(ctx, "1", prometheus.Range{Start: from, End: to, Step: time.Millisecond})
		if !errors.As(err, &told) {
			t.Errorf("a question for too much: %v", err)
		}
	})
}

// askTheRest asks for what the server tells of itself.
func askTheRest(t *testing.T, p prometheus.API, from, to time.Time) {
	t.Helper()
	ctx := t.Context()
	if info, err := p.Buildinfo(ctx); err != nil || !strings.HasPrefix(info.Version, "2.") {
		t.Errorf("buildinfo: %+v, %v", info, err)
	}
	if text, err := p.FormatQuery(ctx, "sum(rate(a[5m]))by(b)"); err != nil || !strings.Contains(text, "sum(rate(a[5m])) by") {
		t.Errorf("format_query: %q, %v", text, err)
	}
	if rules, err := p.Rules(ctx, nil); err != nil || len(rules.Groups) != 0 {
		t.Errorf("rules: %v, %v", rules, err)
	}
	if alerts, err := p.Alerts(ctx); err != nil || len(alerts.Alerts) != 0 {
		t.Errorf("alerts: %v, %v", alerts, err)
	}
	if exemplars, err := p.QueryExemplars(ctx, "edge_service_requests", from, to); err != nil || len(exemplars) != 0 {
		t.Errorf("exemplars: %v, %v", exemplars, err)
	}
	if status, err := p.TSDB(ctx); err != nil || status.HeadStats.NumSeries == 0 && len(status.SeriesCountByMetricName) == 0 {
		t.Errorf("tsdb: %+v, %v", status, err)
	}
}

// TestPrometheusClientOfTenants: a client with a token finds the series of its tenant and no others, one without is told
// so.
func TestPrometheusClientOfTenants(t *testing.T) {
	t.Parallel()
	c, shop, news := startTenants(t)
	now := time.Now()
	c.token = shop.write
	c.sendGauge(t, "office.temperature", 21.5, "room.name", "shop's")
	c.token = news.write
	c.sendGauge(t, "office.temperature", 3, "room.name", "news'")
	c.token = shop.read
	c.expectValue(t, `office_temperature`, 21.5)
	c.token = news.read
	c.expectValue(t, `office_temperature`, 3)
	for token, want := range map[string]model.LabelValues{shop.read: {"shop's"}, news.read: {"news'"}} {
		values, _, err := prometheusClient(t, c.URL("query"), token).LabelValues(t.Context(), "room_name",
			[]string{`{__name__=~".+"}`}, now.Add(-time.Hour), now.Add(time.Minute))
		if err != nil || !gocmp.Equal(values, want) {
			t.Errorf("rooms %v, %v; want %v", values, err, want)
		}
	}
	for _, token := range []string{"", shop.write, "x"} {
		_, _, err := prometheusClient(t, c.URL("query"), token).Query(t.Context(), "office_temperature", now)
		var told *prometheus.Error
		if !errors.As(err, &told) || told.Type != prometheus.ErrClient {
			t.Errorf("with the token %q: %v", token, err)
		}
	}
}

// bearer sends a token with each request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+string(b))
	}
	return http.DefaultTransport.RoundTrip(r)
}

func prometheusClient(t *testing.T, url, token string) prometheus.API {
	t.Helper()
	client, err := api.NewClient(api.Config{Address: url, RoundTripper: bearer(token)})
	if err != nil {
		t.Fatal(err)
	}
	return prometheus.NewAPI(client)
}

// sendGauge sends one value of a metric.
func (c collector) sendGauge(t *testing.T, name string, value float64, attributes ...string) {
	t.Helper()
	c.sendJSON(t, "/v1/metrics", map[string]any{"resourceMetrics": []any{map[string]any{
		"resource": map[string]any{"attributes": otlpAttrs("service.name", "office")},
		"scopeMetrics": []any{map[string]any{"metrics": []any{map[string]any{
			"name": name, "gauge": map[string]any{"dataPoints": []any{map[string]any{
				"timeUnixNano": unixNano(time.Now()), "asDouble": value, "attributes": otlpAttrs(attributes...),
			}}},
		}}}},
	}}})
}
