package query

import (
	"log/slog"
	"net/http"
	"time"

	"edgescope/edge"
)

// Options are what a handler of questions, in whatever tongue, needs to know beside who answers. The zero value works.
type Options struct {
	// Tenant returns whose question a request is; its error is the answer, with status 401 or 403. Nil means tenant 0
	// for all.
	Tenant func(*http.Request) (edge.Tenant, error)
	// Now is the clock that relative times count from; nil means time.Now.
	Now func() time.Time
	// Logger takes the errors that answers tell without their inside; nil means none.
	Logger *slog.Logger
	// Timeout bounds one question, beside what a gate before the handler gives it; 0 means what the handler takes for
	// it.
	Timeout time.Duration
}

// WithDefaults are the options with what stands for those that are not given.
func (o Options) WithDefaults(timeout time.Duration) Options {
	if o.Tenant == nil {
		o.Tenant = func(*http.Request) (edge.Tenant, error) { return 0, nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Timeout <= 0 {
		o.Timeout = timeout
	}
	return o
}
