package norms_test

import (
	"testing"
	"time"

	"edgescope/query"
	"edgescope/query/findings"
)

// TestExamplesOfTheDocumentHold asks the examples of docs/api.md: a region is slow since an hour.
func TestExamplesOfTheDocumentHold(t *testing.T) {
	gru := newRegion(91, "GRU", 5)
	gru.shift = ago(time.Hour, 1.7, 1)
	w := newWorld(t, 14, 0, gru, newRegion(92, "FRA", 9), newRegion(93, "IAD", 9))
	w.learn()
	found := findings.New(w.Read, findings.Options{
		Sources: []findings.Source{{Name: "norms", Find: w.room.Findings}},
	})
	t.Cleanup(func() {
		if err := found.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	w.Examples(t, "../../docs/api.md", w.room.Answers().With(found.Answers()), query.PathNorms, query.PathFindings)
}
