package norms_test

import (
	"fmt"
	"testing"
	"time"

	"edgescope/query/norms"
)

// BenchmarkNorms learns all hours of 14 days of 330 points of presence, the hour that begins, and judges the newest
// buckets.
func BenchmarkNorms(b *testing.B) {
	var all []*region
	for i := range 330 {
		g := newRegion(uint64(i), fmt.Sprintf("P%03d", i), 1)
		g.errors, g.cold, g.lost = ago(0, 0, .001), ago(0, 0, .02), ago(0, 0, .1)
		all = append(all, g)
	}
	w := newWorld(b, 15, 0, all...)
	now := w.Now
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			w.newRoom(norms.Options{})
			if err := w.room.Learn(b.Context(), tenant); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("hour", func(b *testing.B) {
		for b.Loop() {
			if w.Now = w.Now.Add(time.Hour); w.Now.Sub(now) > 23*time.Hour {
				b.StopTimer()
				w.Now = now
				w.newRoom(norms.Options{})
				if err := w.room.Learn(b.Context(), tenant); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				w.Now = now.Add(time.Hour)
			}
			if err := w.room.Learn(b.Context(), tenant); err != nil {
				b.Fatal(err)
			}
		}
	})
}
