package ingest_test

import (
	"context"
	"errors"
	"testing"
)

// TestFreezeFindsNothingHalfWay: what came before is in store and totals, and what comes meanwhile waits.
func TestFreezeFindsNothingHalfWay(t *testing.T) {
	e := &engine{}
	p := begin(t, e, t.TempDir(), 1)
	if err := p.Events(t.Context(), spans("a", "b")); err != nil {
		t.Fatal(err)
	}
	later := make(chan error)
	err := p.Freeze(t.Context(), func(context.Context) error {
		go func() { later <- p.Events(t.Context(), spans("c")) }() //nolint:contextcheck // of another client
		select {
		case err := <-later:
			t.Errorf("a batch is taken meanwhile: %v", err)
		default:
		}
		if got := e.total("edge_service_requests"); len(e.rows) != 2 || got != 2 {
			t.Errorf("%d rows and a total of %v, want 2 and 2", len(e.rows), got)
		}
		return errors.New("of the caller")
	})
	if err == nil || err.Error() != "of the caller" {
		t.Errorf("got %v, want the error of the caller", err)
	}
	if err := <-later; err != nil {
		t.Errorf("the batch that waited: %v", err)
	}
	p.end(t, e, false, nil)
	if len(e.rows) != 3 {
		t.Errorf("%d rows, want 3", len(e.rows))
	}
}
