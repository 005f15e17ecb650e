package chart

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTicksAreRoundAndCover(t *testing.T) {
	f := func(low, high float64, want ...float64) {
		t.Helper()
		if diff := cmp.Diff(want, ticks(low, high, 6)); diff != "" {
			t.Errorf("%v to %v (-want +got):\n%s", low, high, diff)
		}
	}
	f(0, 200, 0, 50, 100, 150, 200)
	f(0, 100, 0, 20, 40, 60, 80, 100)
	f(41, 204, 0, 50, 100, 150, 200, 250)
	f(5, 5, 5)
}

func TestTimesAreRoundInUTC(t *testing.T) {
	f := func(from string, step time.Duration, buckets int, want ...string) {
		t.Helper()
		at, err := time.Parse(time.RFC3339, from)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, tick := range timeTicks(Frame{at, step, buckets}) {
			got = append(got, tick.Text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("from %s (-want +got):\n%s", from, diff)
		}
	}
	f("2026-11-20T12:03:00Z", 10*time.Second, 90, "12:04", "12:06", "12:08", "12:10", "12:12", "12:14", "12:16")
	f("2026-11-20T14:03:00+02:00", 10*time.Second, 12, "12:03:00", "12:03:30", "12:04:00", "12:04:30")
	f("2026-11-19T16:00:00Z", 10*time.Minute, 144, "18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00",
		"15:00")
	f("2026-11-13T16:00:00Z", time.Hour, 168, "Nov 14", "Nov 15", "Nov 16", "Nov 17", "Nov 18", "Nov 19", "Nov 20")
	f("2026-11-20T12:00:00Z", 0, 10)
}

func TestDecimationKeepsExtremesAndGaps(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 10_000)
	low, high := math.Inf(1), math.Inf(-1)
	for i := range values {
		values[i] = r.NormFloat64()
		if i >= 5000 && i < 5200 {
			values[i] = math.NaN()
			continue
		}
		low, high = math.Min(low, values[i]), math.Max(high, values[i])
	}
	points := decimate(values, 400)
	if len(points) > 402 {
		t.Errorf("%d points, want at most about 400", len(points))
	}
	gotLow, gotHigh, gaps, last := math.Inf(1), math.Inf(-1), 0, -1.0
	for _, p := range points {
		if p.x < last {
			t.Fatalf("a point at %v follows one at %v", p.x, last)
		}
		last = p.x
		if math.IsNaN(p.v) {
			gaps++
			continue
		}
		gotLow, gotHigh = math.Min(gotLow, p.v), math.Max(gotHigh, p.v)
	}
	if gotLow != low || gotHigh != high {
		t.Errorf("extremes are %v and %v, want %v and %v", gotLow, gotHigh, low, high)
	}
	if gaps == 0 {
		t.Error("the gap is gone")
	}
}

func TestFewValuesAreNotDecimated(t *testing.T) {
	values := []float64{1, 2, math.NaN(), 4}
	points := decimate(values, 400)
	if len(points) != 4 || points[1] != (point{1, 2}) || !math.IsNaN(points[2].v) {
		t.Errorf("got %v", points)
	}
}

func TestLongSeriesStaySmall(t *testing.T) {
	values := make([]float64, 100_000)
	for i := range values {
		values[i] = math.Sin(float64(i) / 999)
	}
	l := Lines{Frame: Frame{Step: time.Second, Buckets: len(values)}, Series: []Series{{
		Name: "x", Class: "s0",
		Values: values,
	}}}
	if n := len(l.SVG()); n > 8_000 {
		t.Errorf("a line of 100,000 values takes %d bytes", n)
	}
}
