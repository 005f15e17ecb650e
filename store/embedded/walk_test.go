package embedded_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/protoparser/native/stream"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/protoparser/protoparserutil"
	gocmp "github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/store"
	"edgescope/store/embedded"
)

func labelled(pairs ...string) *edge.Series {
	s := &edge.Series{}
	for i := 0; i < len(pairs); i += 2 {
		s.Labels = append(s.Labels, edge.Attr{Key: pairs[i], Value: pairs[i+1]})
	}
	return s
}

// samplesOf reads all samples of a question, by series, and counts the parts in which they came.
func samplesOf(t *testing.T, s *embedded.Store, q store.SamplesQuestion) (found map[string]map[int64]float64, parts int) {
	t.Helper()
	found = map[string]map[int64]float64{}
	newest := map[string]int64{}
	err := s.Samples(t.Context(), q, func(s *store.Samples) error {
		series := fmt.Sprint(s.Labels)
		if found[series] == nil {
			found[series] = map[int64]float64{}
		}
		for i, at := range s.Times {
			if at <= newest[series] {
				t.Errorf("%s: %d comes behind %d", series, at, newest[series])
			}
			newest[series] = at
			found[series][at] = s.Values[i]
		}
		parts++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, parts
}

// TestSamplesAreReadAsTheyAreStored: whatever parts they lie in and however many there are of a series, each sample
// comes once, in the order of time, and is the greatest of its time.
func TestSamplesAreReadAsTheyAreStored(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	end := time.Now().Add(-time.Minute).Truncate(time.Second)
	const count = 200_000 // more than three times what is held
	long, short := labelled("__name__", "long", "job", "z", "a", "b"), labelled("__name__", "short")
	want := map[int64]float64{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 4 { // parts that overlap, and hold other values for the same times
		var samples []edge.Sample
		for i := range count {
			if i == 0 || random.IntN(2) == 0 {
				at, v := end.Add(-time.Duration(i)*time.Second).UnixMilli(), float64(random.IntN(100))
				samples = append(samples, edge.Sample{Series: long, Time: at, Value: v})
				if old, ok := want[at]; !ok || v > old {
					want[at] = v
				}
			}
		}
		samples = append(samples, edge.Sample{Series: short, Time: end.UnixMilli(), Value: 1})
		if err := s.WriteSamples(t.Context(), 1, samples); err != nil {
			t.Fatal(err)
		}
		s.Flush()
	}
	if err := s.WriteSamples(t.Context(), 2, []edge.Sample{
		{Series: labelled("__name__", "long", "of", "another"), Time: end.UnixMilli(), Value: 1},
	}); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	from := end.Add(-count * time.Second)
	q := store.SamplesQuestion{Tenant: 1, Selectors: []string{"long", `{__name__=~"s.*"}`}, From: from, To: end}
	got, parts := samplesOf(t, s, q)
	if diff := gocmp.Diff(map[string]map[int64]float64{
		"[{__name__ long} {a b} {job z}]": want, "[{__name__ short}]": {end.UnixMilli(): 1},
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%.2000s", diff)
	}
	if parts < 4 {
		t.Errorf("%d samples came in %d parts: they were all held", count, parts)
	}

	f := func(want int, change func(q *store.SamplesQuestion)) {
		t.Helper()
		q := store.SamplesQuestion{Tenant: 1, Selectors: []string{`{__name__!=""}`}, From: end, To: end}
		change(&q)
		if got, _ := samplesOf(t, s, q); len(got) != want {
			t.Errorf("%+v: got %v, want %d series", q, got, want)
		}
	}
	f(2, func(*store.SamplesQuestion) {})
	f(0, func(q *store.SamplesQuestion) { q.From, q.To = end.Add(time.Millisecond), end.Add(time.Second) })
	f(1, func(q *store.SamplesQuestion) { q.Tenant = 2 })
	f(0, func(q *store.SamplesQuestion) { q.Tenant = 3 })
	f(0, func(q *store.SamplesQuestion) { q.Selectors = []string{`{edge_tenant="2"}`} })
	f(0, func(q *store.SamplesQuestion) { q.Narrow = [][]string{{`{edge_tenant="2"}`}} })
	f(1, func(q *store.SamplesQuestion) { q.Narrow = [][]string{{"nothing", "short"}, {"short"}} })
	f(0, func(q *store.SamplesQuestion) { q.Narrow = [][]string{{"short"}, {"nothing"}} })

	stop := errors.New("stop")
	if err := s.Samples(t.Context(), q, func(*store.Samples) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of emit: got %v", err)
	}
	for _, bad := range []store.SamplesQuestion{
		{From: from, To: end},
		{Selectors: []string{"a("}, From: from, To: end},
		{Selectors: []string{"a + b"}, From: from, To: end},
		{Selectors: []string{"a"}, From: end, To: from},
		{Selectors: []string{"a"}, To: end},
		{Selectors: []string{"a"}, Narrow: [][]string{{"("}}, From: from, To: end},
	} {
		if err := s.Samples(t.Context(), bad, nil); !errors.Is(err, store.ErrBadQuery) {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
}

func TestNamesOfMetricsAreATenants(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	now := time.Now()
	for tenant, name := range map[edge.Tenant]string{1: "b", 2: "c"} {
		if err := s.WriteSamples(t.Context(), tenant, []edge.Sample{
			{Series: labelled("__name__", name), Time: now.UnixMilli(), Value: 1},
			{Series: labelled("__name__", "a"), Time: now.UnixMilli(), Value: 1},
		}); err != nil {
			t.Fatal(err)
		}
	}
	s.Flush()
	f := func(tenant edge.Tenant, want ...string) {
		t.Helper()
		got, err := s.MetricNames(t.Context(), tenant, now.Add(-time.Hour), now)
		if diff := gocmp.Diff(append([]string{}, want...), got); err != nil || diff != "" {
			t.Errorf("tenant %d: %v (-want +got):\n%s", tenant, err, diff)
		}
	}
	f(1, "a", "b")
	f(2, "a", "c")
	f(3)
}

func TestAlternativesOfOneRequestAreBounded(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	many := func(n int) string { return `{a="b"` + strings.Repeat(` or a="c"`, n-1) + "}" }
	f := func(fails bool, form map[string][]string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "/api/v1/series?"+url.Values(form).Encode(), http.NoBody)
		if _, _, err := s.PrometheusCost(r); errors.Is(err, store.ErrTooMuch) != fails {
			t.Errorf("%.80v: got %v", form, err)
		}
	}
	f(false, map[string][]string{"match[]": {many(100)}, "extra_filters[]": {many(100)}})
	f(true, map[string][]string{"match[]": {many(101)}, "extra_filters[]": {many(100)}})
	f(true, map[string][]string{"query": {"a"}, "extra_filters[]": {many(60), many(60)}})
	f(true, map[string][]string{"match[]": {many(60)}, "match": {many(60)}, "extra_filters": {many(90)}})
}

// TestNativeIsReadByTheEngine: what leaves in the native format is what VictoriaMetrics' import reads.
func TestNativeIsReadByTheEngine(t *testing.T) {
	var s *embedded.Store // the format needs no data
	long := store.Samples{Labels: []edge.Attr{{Key: "__name__", Value: "long"}, {Key: "a", Value: "b\n"}, {Key: "job", Value: "c"}}}
	for i := range 20_000 {
		long.Times, long.Values = append(long.Times, int64(1000+i*10)), append(long.Values, float64(i)/4)
	}
	short := store.Samples{
		Labels: []edge.Attr{{Key: "__name__", Value: "short"}}, Times: []int64{5000}, Values: []float64{math.Inf(1)},
	}
	body := s.AppendNativeRange(nil, time.UnixMilli(1000), time.UnixMilli(10_000_000))
	body = s.AppendNative(s.AppendNative(body, &long), &short)

	protoparserutil.StartUnmarshalWorkers()
	defer protoparserutil.StopUnmarshalWorkers()
	var mu sync.Mutex
	got := map[string]map[int64]float64{}
	err := stream.Parse(bytes.NewReader(body), "", func(b *stream.Block) error {
		mu.Lock()
		defer mu.Unlock()
		named := slices.Clone(b.MetricName.MetricGroup)
		for _, tag := range b.MetricName.Tags {
			named = fmt.Appendf(named, " %s=%q", tag.Key, tag.Value)
		}
		name := string(named)
		if got[name] == nil {
			got[name] = map[int64]float64{}
		}
		for i, at := range b.Timestamps {
			got[name][at] = b.Values[i]
		}
		return nil
	})
	const longName = `long a="b\n" job="c"`
	want := map[string]map[int64]float64{longName: {}, "short": {5000: math.Inf(1)}}
	for i, at := range long.Times {
		want[longName][at] = long.Values[i]
	}
	if diff := gocmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%.1500s", err, diff)
	}
}
