package access

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"edgescope/edge"
)

// Visit is one request on its way: who sent it, once that is known, and what it costs them. It belongs to the goroutine
// of the request.
type Visit struct {
	grant *Grant
	// signed is the grant of the secret that the body is signed with.
	signed *Grant
	// sender is who it is from, also when they may not do what they ask for.
	sender *Grant
	now    func() time.Time // set where the grant has a limit
}

type visitKey struct{}

// Begin adds a visit to the context of a request. Guard.Admit completes it.
func Begin(ctx context.Context) context.Context { return context.WithValue(ctx, visitKey{}, &Visit{}) }

func visitOf(ctx context.Context) *Visit {
	v, _ := ctx.Value(visitKey{}).(*Visit)
	return v
}

func (v *Visit) arrive(g *Grant, now func() time.Time) {
	if v != nil {
		v.grant, v.sender, v.now = g, g, now
	}
}

// identified notes who sent the request, whatever becomes of it.
func (v *Visit) identified(g *Grant) {
	if v != nil {
		v.sender = g
	}
}

// signedBy returns the grant of the secret that the body of the request is signed with, nil without one.
func (v *Visit) signedBy() *Grant {
	if v == nil {
		return nil
	}
	return v.signed
}

// SenderOf returns the tenant of whoever sent the request of ctx, also when it was refused, and false when nobody knows
// them. It grants nothing: TenantOf does.
func SenderOf(ctx context.Context) (edge.Tenant, bool) {
	v := visitOf(ctx)
	if v == nil || v.sender == nil {
		return 0, false
	}
	return v.sender.Tenant, true
}

// Spend counts bytes as received and events as kept against the rate of who sent the request of ctx. It never refuses:
// the request after one that overdraws is told to come later.
func Spend(ctx context.Context, bytes, events int) {
	if v := visitOf(ctx); v != nil && v.grant != nil && v.grant.limit != nil {
		v.grant.limit.spend(v.now(), float64(bytes), float64(events))
	}
}

// Meter gives every request a visit whose bytes are counted as they are read. The receivers behind it admit.
func Meter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(Begin(r.Context()))
		r.Body = &meteredBody{r.Body, r.Context()}
		next.ServeHTTP(w, r)
	})
}

type meteredBody struct {
	io.ReadCloser
	ctx context.Context //nolint:containedctx // it lives as long as the request whose body this is
}

func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	Spend(b.ctx, n, 0)
	return n, err
}

// Fail writes an error as the clients of a path read it.
type Fail func(w http.ResponseWriter, r *http.Request, status int, text string)

// Protect lets only requests through that may do what want says; fail tells who is not let through, nil tells it as
// Answer does. Handlers behind it find the tenant with TenantOf.
func (g *Guard) Protect(want Scope, fail Fail, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		grant, err := g.AdmitRequest(r, want)
		if err != nil {
			refuse(w, r, fail, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, &Visit{grant: grant})))
	})
}

// TenantOf returns whose request it is, after Protect or Admit let it through. It fails for any other: a handler that
// was wired without them serves nobody.
func TenantOf(r *http.Request) (edge.Tenant, error) {
	v := visitOf(r.Context())
	if v == nil || v.grant == nil {
		return 0, errors.New("nobody is signed in")
	}
	return v.grant.Tenant, nil
}

// refuse answers a request that was not admitted.
func refuse(w http.ResponseWriter, r *http.Request, fail Fail, err error) {
	code, kind := http.StatusUnauthorized, "unauthorized"
	var no *DeniedError
	var later *edge.UnavailableError
	switch {
	case errors.As(err, &later):
		code, kind = http.StatusServiceUnavailable, "unavailable"
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(later.RetryAfter.Seconds()))))
	case errors.As(err, &no) && no.Malformed:
		code, kind = http.StatusBadRequest, "bad_data"
	case errors.As(err, &no) && no.Forbidden:
		code, kind = http.StatusForbidden, "forbidden"
	default:
		w.Header().Set("WWW-Authenticate", `Bearer realm="edgescope"`)
	}
	if fail != nil {
		fail(w, r, code, err.Error())
		return
	}
	Answer(w, code, kind, err.Error())
}

// Answer writes an error that clients of our API and of Prometheus' API both read; kind is the errorType of the latter.
func Answer(w http.ResponseWriter, code int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	// The client may be gone: there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(map[string]string{"status": "error", "errorType": kind, "error": message})
}
