package distribution_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/report/distribution"
)

func TestHistogramQuantilesAreWithinFourPerMille(t *testing.T) {
	f := func(name string, draw func(*rand.Rand) time.Duration) {
		t.Helper()
		r := rand.New(rand.NewPCG(1, 2))
		var h distribution.Histogram
		values := make([]time.Duration, 200_000)
		for i := range values {
			values[i] = draw(r)
			h.Record(values[i])
		}
		slices.Sort(values)
		for _, q := range []float64{0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1} {
			want := values[max(int(math.Ceil(q*float64(len(values)))), 1)-1]
			got := h.Quantile(q)
			if diff := math.Abs(float64(got-want)) / float64(want); diff > 0.004 {
				t.Errorf("%s: q%v = %v, exact %v: %.2f %% off, want at most 0.4 %%", name, q, got, want, diff*100)
			}
		}
		if h.Min() != values[0] || h.Max() != values[len(values)-1] {
			t.Errorf("%s: min, max = %v, %v; want %v, %v exactly", name, h.Min(), h.Max(), values[0],
				values[len(values)-1])
		}
	}
	f("lognormal", func(r *rand.Rand) time.Duration {
		return time.Duration(math.Exp(r.NormFloat64()*1.2) * float64(5*time.Millisecond))
	})
	f("warm and cold", func(r *rand.Rand) time.Duration {
		if r.IntN(10) == 0 {
			return 200*time.Millisecond + time.Duration(r.IntN(int(50*time.Millisecond)))
		}
		return 5*time.Millisecond + time.Duration(r.IntN(int(time.Millisecond)))
	})
	f("log-uniform from 1 us to 70 min", func(r *rand.Rand) time.Duration {
		return time.Duration(math.Exp(r.Float64()*math.Log(4.2e9)) * 1000)
	})
}

func TestHistogramMergeIsExactAddition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var whole distribution.Histogram
	parts := make([]distribution.Histogram, 7)
	for range 50_000 {
		d := time.Duration(r.Int64N(int64(time.Second)))
		whole.Record(d)
		parts[r.IntN(len(parts)-1)].Record(d) // the last part stays empty
	}
	var forward, backward distribution.Histogram
	for i := range parts {
		forward.Merge(&parts[i])
		backward.Merge(&parts[len(parts)-1-i])
	}
	for name, got := range map[string]*distribution.Histogram{"forward": &forward, "backward": &backward} {
		if diff := cmp.Diff(whole.Buckets(), got.Buckets()); diff != "" {
			t.Errorf("%s: buckets differ from the undivided histogram (-want +got):\n%s", name, diff)
		}
		if got.Count() != whole.Count() || got.Min() != whole.Min() || got.Max() != whole.Max() {
			t.Errorf("%s: count, min, max = %d, %v, %v; want %d, %v, %v", name, got.Count(), got.Min(), got.Max(),
				whole.Count(), whole.Min(), whole.Max())
		}
	}
}

func TestHistogramTakesEveryValue(t *testing.T) {
	var h distribution.Histogram
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.Buckets().Counts != nil {
		t.Errorf("an empty histogram answers %v, %v, %v; want zeroes", h.Quantile(0.5), h.Mean(), h.Buckets())
	}
	h.Record(-time.Second)
	h.Record(100 * time.Hour)
	h.Record(math.MaxInt64)
	if h.Min() != 0 || h.Max() != math.MaxInt64 || h.Count() != 3 {
		t.Errorf("min, max, count = %v, %v, %d; want 0, the greatest duration, 3", h.Min(), h.Max(), h.Count())
	}
}

func BenchmarkHistogramRecord(b *testing.B) {
	var h distribution.Histogram
	b.ReportAllocs()
	for i := range b.N {
		h.Record(time.Duration(i&0xffffff) * 8)
	}
}
