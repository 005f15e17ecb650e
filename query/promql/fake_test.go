package promql_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// fake is an engine that answers what it is told.
type fake struct {
	next    http.Handler
	cost    error
	names   []string
	samples []store.Samples
	// after is the error with which the samples end.
	after error
	// waits has the samples wait for the end of their context.
	waits bool
	// asked gets the question for samples.
	asked *store.SamplesQuestion
}

func (f fake) Prometheus(edge.Tenant) http.Handler { return f.next }

func (f fake) PrometheusCost(*http.Request) (least, most int64, err error) { return 0, 0, f.cost }

func (f fake) Samples(ctx context.Context, q store.SamplesQuestion, emit func(*store.Samples) error) error {
	if f.asked != nil {
		*f.asked = q
	}
	for i := range f.samples {
		if err := emit(&f.samples[i]); err != nil {
			return err
		}
	}
	if f.waits {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.after
}

func (f fake) AppendNativeRange(dst []byte, from, to time.Time) []byte {
	return fmt.Appendf(dst, "%d-%d:", from.UnixMilli(), to.UnixMilli())
}

func (f fake) AppendNative(dst []byte, s *store.Samples) []byte {
	return fmt.Appendf(dst, "%v;", s.Times)
}

func (f fake) MetricNames(context.Context, edge.Tenant, time.Time, time.Time) ([]string, error) {
	return f.names, nil
}
