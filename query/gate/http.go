package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"edgescope/store"
)

const (
	// maxBody bounds the body of a question in bytes, and bodyTime how long it may take to come.
	maxBody  = 1 << 20
	bodyTime = 10 * time.Second
	// writeTime is how long a client may take to read what is sent at the end of a question, or to a follower at a
	// time.
	writeTime = 10 * time.Second
)

// RefusedError says why a question is not answered.
type RefusedError struct {
	// Status is the HTTP status, 422 or 503.
	Status int
	Reason string
	// RetryAfter is when the same question may be asked again; 0 means that it would end the same way.
	RetryAfter time.Duration
}

// Error is the reason.
func (e *RefusedError) Error() string { return e.Reason }

// HTTPStatus is Status, for those who know the error as the cause of a context.
func (e *RefusedError) HTTPStatus() int { return e.Status }

// Header sets what goes with the status.
func (e *RefusedError) Header(h http.Header) {
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
}

// Status is the HTTP status of a question's error: that of a *RefusedError, 400 for a bad text, 422 for too much, 503
// for too long, else 500.
func Status(err error) int {
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		return refused.Status
	case errors.Is(err, store.ErrBadQuery):
		return http.StatusBadRequest
	case errors.Is(err, store.ErrTooMuch):
		return http.StatusUnprocessableEntity
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// Tongue is a language in which questions are asked.
type Tongue struct {
	// Name tells its askers from others.
	Name string
	// Fail writes an error as the clients of the tongue read it. Default: as Refuse does.
	Fail func(w http.ResponseWriter, r *http.Request, status int, text string)
}

// refuse writes why a question is not answered, but to a client who left.
func (t Tongue) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refused *RefusedError
	if t.Fail == nil || !errors.As(err, &refused) {
		Refuse(w, err)
		return
	}
	refused.Header(w.Header())
	t.Fail(w, r, refused.Status, refused.Reason)
}

// Question bounds a handler that answers one question in a tongue. Its body is read before, whole, and its context ends
// with the client, or when the gate ends it.
func (g *Gate) Question(t Tongue, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tenant, err := g.o.Tenant(r)
		if err != nil {
			t.refuse(w, r, &RefusedError{Status: http.StatusUnauthorized, Reason: err.Error()})
			return
		}
		ctx, leave, err := g.enter(r.Context(), asker{tenant, t.Name})
		if err != nil {
			t.refuse(w, r, err)
			return
		}
		defer leave()
		asked, err := withBody(w, r.WithContext(ctx))
		if err != nil {
			t.refuse(w, r, err)
			return
		}
		// A client that does not read must not keep its turn.
		within(w, g.o.Duration+writeTime)
		next.ServeHTTP(w, asked)
	})
}

// withBody returns the request with its body in memory. A slow client has bodyTime: it has a turn that others wait for.
func withBody(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(bodyTime)) // where there is no connection, as in tests, there is no deadline
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	// The deadline would end the context of the request: from here on the client may be silent.
	_ = c.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &RefusedError{
			Status: http.StatusRequestEntityTooLarge,
			Reason: fmt.Sprintf("the question has more than %d bytes: ask for less at a time", maxBody),
		}
	case err != nil:
		return nil, &RefusedError{Status: http.StatusBadRequest, Reason: "read the question: " + err.Error()}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, nil
}

func within(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d)) // as above
}

// Refuse writes why a question is not answered, so that clients of our API and of Prometheus' API both read it. An
// error that is no *RefusedError is that of a client who left: nothing is written.
func Refuse(w http.ResponseWriter, err error) {
	var refused *RefusedError
	if !errors.As(err, &refused) {
		return
	}
	refused.Header(w.Header())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(refused.Status)
	kind := "too_expensive"
	switch {
	case refused.Status == http.StatusBadRequest:
		kind = "bad_data" // as Prometheus calls a question that does not parse
	case refused.Status >= http.StatusInternalServerError:
		kind = "unavailable"
	}
	// The client may be gone: there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(map[string]string{"status": "error", "errorType": kind, "error": refused.Reason})
}

// followKey is the key of a *Follower in a context.
type followKey struct{}

// Follower is a client that is answered until it leaves.
type Follower struct {
	gate *Gate
	by   asker
	w    http.ResponseWriter
}

// FollowerOf returns the follower of a context, nil when Follow does not stand before.
func FollowerOf(ctx context.Context) *Follower {
	f, _ := ctx.Value(followKey{}).(*Follower)
	return f
}

// Follow bounds a handler that answers until its client leaves, or until Stop. It has no turn: it takes one each time
// that it asks (Follower.Ask).
func (g *Gate) Follow(t Tongue, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tenant, err := g.o.Tenant(r)
		if err != nil {
			t.refuse(w, r, &RefusedError{Status: http.StatusUnauthorized, Reason: err.Error()})
			return
		}
		if err := g.follow(); err != nil {
			t.refuse(w, r, err)
			return
		}
		defer g.unfollow()
		ctx, cancel := context.WithCancel(context.WithValue(r.Context(), followKey{},
			&Follower{g, asker{tenant, t.Name}, w}))
		defer cancel()
		defer context.AfterFunc(g.stopping, cancel)() //nolint:contextcheck // the life of the gate ends it too
		asked, err := withBody(w, r.WithContext(ctx))
		if err != nil {
			t.refuse(w, r, err)
			return
		}
		within(w, writeTime)
		next.ServeHTTP(w, asked)
	})
}

func (g *Gate) follow() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.follows >= g.o.Follows {
		return g.refuse(reasonFollow, &RefusedError{
			Status: http.StatusServiceUnavailable, RetryAfter: g.o.Patience,
			Reason: fmt.Sprintf("%d clients follow new rows: no more are taken until one leaves", g.follows),
		})
	}
	g.follows++
	return nil
}

func (g *Gate) unfollow() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.follows--
}

// Ask waits for a turn and asks. The context of ask ends after Options.Duration. It fails as ask does, and with
// *RefusedError.
func (f *Follower) Ask(ctx context.Context, ask func(context.Context) error) error {
	if f == nil {
		return ask(ctx)
	}
	asking, leave, err := f.gate.enter(ctx, f.by)
	if err != nil {
		return err
	}
	defer leave()
	return Explain(asking, ask(asking))
}

// Writes gives the client time to read what is sent next.
func (f *Follower) Writes() {
	if f != nil {
		within(f.w, writeTime)
	}
}
