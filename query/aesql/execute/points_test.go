package execute_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/store/embedded"
)

const tenant edge.Tenant = 7

// openStore opens a store in a directory, until the test ends.
func openStore(t testing.TB, dir string) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(context.Background(), embedded.Options{Dir: dir, RetentionEvents: 400 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// point makes a data point of columns by name and value; a column without a value is absent.
func point(dataset string, at time.Time, columns ...string) edge.Event {
	e := edge.Event{Kind: edge.KindDataPoint, Dataset: dataset, Time: at.UnixNano()}
	for i := 0; i < len(columns); i += 2 {
		if columns[i+1] != "" {
			e.Attrs = append(e.Attrs, edge.Attr{Key: columns[i], Value: columns[i+1]})
		}
	}
	return e
}

func write(t testing.TB, s *embedded.Store, events ...edge.Event) {
	t.Helper()
	if err := s.WriteEvents(context.Background(), tenant, events); err != nil {
		t.Fatal(err)
	}
}

const benchSet = "bench"

// fill writes n points of a day: 200 indexes, 40 cities, 5 statuses, a latency, a share and a whole number, and sample
// intervals of 1, 10 and 100.
func fill(t testing.TB, s *embedded.Store, n int, end time.Time) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	cities := make([]string, 40)
	for i := range cities {
		cities[i] = fmt.Sprintf("city-%02d", i)
	}
	const batch = 20_000
	events := make([]edge.Event, 0, batch)
	for i := range n {
		at := end.Add(-24*time.Hour + time.Duration(float64(24*time.Hour)*float64(i)/float64(n)))
		weight := []string{"1", "1", "1", "1", "10", "10", "100"}[r.IntN(7)]
		events = append(events, point(benchSet, at,
			"index1", "cust-"+strconv.Itoa(r.IntN(200)),
			"blob1", cities[r.IntN(len(cities))],
			"blob2", []string{"200", "200", "304", "404", "500"}[r.IntN(5)],
			"double1", strconv.FormatFloat(math.Round(8e3*math.Exp(r.NormFloat64()))/1e3, 'g', -1, 64),
			"double2", strconv.FormatFloat(r.Float64(), 'g', 6, 64),
			"double3", strconv.Itoa(r.IntN(1000)),
			"_sample_interval", weight))
		if len(events) == batch {
			write(t, s, events...)
			events = events[:0]
		}
	}
	write(t, s, events...)
	s.Flush()
}
