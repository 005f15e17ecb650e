package engine

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"edgescope/query"
	"edgescope/query/tables"
	"edgescope/store"
)

// refuser is a store that fails every question.
type refuser struct{ err error }

func (r refuser) Rows(context.Context, store.RowsQuestion, func(store.Row) error) error { return r.err }

func (r refuser) Series(context.Context, store.SeriesQuestion) ([]store.Series, error) {
	return nil, r.err
}

func (r refuser) Totals(context.Context, store.TotalsQuestion, func(*store.Series) error) error {
	return r.err
}

func TestErrorsHaveTheirStatus(t *testing.T) {
	f := func(err error, want int) {
		t.Helper()
		w := httptest.NewRecorder()
		h := query.NewHandler(New(tables.New(refuser{err}, time.Now, tables.AtOnce), Options{}).Answers(), query.Options{})
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, query.APIPrefix+query.PathOverview, http.NoBody))
		if w.Code != want {
			t.Errorf("%v: status %d, want %d", err, w.Code, want)
		}
	}
	f(store.ErrTooMuch, 422)
	f(context.DeadlineExceeded, 504)
	f(fmt.Errorf("disk: %w", store.ErrBadQuery), 503)
}
