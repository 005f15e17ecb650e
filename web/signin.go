package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/web/part"
	"edgescope/web/view"
)

// SignIn says how visitors prove who they are. The zero SignIn lets everybody in.
type SignIn struct {
	// Tokens asks every visitor for a token of the collector, and keeps it for as long as the session lasts. Programs
	// send it in the header Authorization instead.
	Tokens bool
	// Proxy returns who a trusted proxy says a visitor is, and why not otherwise; ProxyHeader is the header in which
	// the collector is told the same. It counts where Tokens is false.
	Proxy       func(*http.Request) (who string, err error)
	ProxyHeader string
	// Secure tells that the pages are served over TLS: then the session's cookie never travels without.
	Secure bool
	// Life is how long a session lasts; 0 means 12 h.
	Life time.Duration
}

func (o *SignIn) on() bool { return o.Tokens || o.Proxy != nil }

// visitor is who looks at a page: what the collector is told of them, and the session where there is one.
type visitor struct {
	header, value string
	over          func() bool // whether it has ended since; nil: never
}

type visitorKey struct{}

var errSignedOut = errors.New("the session has ended")

// Forward adds who looks at a page to the questions that the page asks of the collector. The HTTP client of
// Options.Client must have it as its transport, and must not follow redirects: a token is for the collector alone.
func Forward(base http.RoundTripper) http.RoundTripper { return &forward{base} }

type forward struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (f *forward) RoundTrip(r *http.Request) (*http.Response, error) {
	v, _ := r.Context().Value(visitorKey{}).(*visitor)
	if v == nil {
		return f.RoundTripper.RoundTrip(r)
	}
	if v.over != nil && v.over() {
		return nil, errSignedOut
	}
	r = r.Clone(r.Context())
	r.Header.Set(v.header, v.value)
	return f.RoundTripper.RoundTrip(r)
}

// Private serves a route to those who are signed in, and leads others to the sign-in.
func (s *Site) Private(next http.Handler) http.Handler {
	if !s.o.SignIn.on() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.visitor(r)
		if err != nil {
			s.askToSignIn(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
	})
}

// visitor returns who sends a request, or why that is unknown.
func (s *Site) visitor(r *http.Request) (*visitor, error) {
	if !s.o.SignIn.Tokens {
		who, err := s.o.SignIn.Proxy(r)
		return &visitor{header: s.o.SignIn.ProxyHeader, value: who}, err
	}
	if one := s.sessions.find(s.sessionID(r)); one != nil {
		return &visitor{
			header: "Authorization", value: "Bearer " + one.token, over: func() bool { return s.sessions.over(one) },
		}, nil
	}
	if values := r.Header.Values("Authorization"); len(values) == 1 {
		v := &visitor{header: "Authorization", value: values[0]}
		_, err := s.verify(r.Context(), v)
		return v, err
	}
	return nil, errors.New("nobody is signed in")
}

// verify asks the collector whether it knows the visitor, and whose answers they get. A collector that answers anybody
// would make every token good: so it must refuse the same question without one.
func (s *Site) verify(ctx context.Context, v *visitor) (edge.Tenant, error) {
	_, err := s.o.Client.Who(ctx)
	if err == nil {
		return 0, fmt.Errorf("the collector at %s answers without a token: start it with --tokens", s.o.Collector)
	}
	if !refused(err) {
		return 0, err
	}
	who, err := s.o.Client.Who(context.WithValue(ctx, visitorKey{}, v))
	if err != nil {
		return 0, err
	}
	return who.Tenant, nil
}

// refused tells whether the collector does not let somebody in, or whether their session has ended.
func refused(err error) bool {
	var api *query.APIError
	return errors.Is(err, errSignedOut) ||
		errors.As(err, &api) && (api.Status == http.StatusUnauthorized || api.Status == http.StatusForbidden)
}

// askToSignIn leads a person to the sign-in and tells a program that it lacks a token.
func (s *Site) askToSignIn(w http.ResponseWriter, r *http.Request, err error) {
	s.sessions.end(s.sessionID(r))
	_, format := cutFormat(r.URL.Path)
	isProgram := format != "" || r.Header.Get("Authorization") != "" || strings.HasPrefix(r.URL.Path, "/live")
	reason := "not signed in: sign in at /sign-in, or send the header Authorization: Bearer TOKEN"
	if !s.o.SignIn.Tokens {
		reason = err.Error()
	}
	to := "/sign-in?" + url.Values{"back": {r.URL.RequestURI()}}.Encode()
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case !s.o.SignIn.Tokens || isProgram:
		exportError(w, r, http.StatusUnauthorized, reason)
	case r.Header.Get("HX-Request") != "": // a part of a page: the whole page moves
		w.Header().Set("HX-Redirect", to)
		exportError(w, r, http.StatusUnauthorized, reason)
	default:
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusSeeOther)
	}
}

// cookieName carries the prefix by which browsers hold a cookie to this host, TLS and no other path.
func (s *Site) cookieName() string {
	if s.o.SignIn.Secure {
		return "__Host-edgescope"
	}
	return "edgescope"
}

func (s *Site) sessionID(r *http.Request) string {
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *Site) setCookie(w http.ResponseWriter, id string, life time.Duration) {
	c := http.Cookie{
		Name: s.cookieName(), Value: id, Path: "/", MaxAge: int(life.Seconds()),
		HttpOnly: true, Secure: s.o.SignIn.Secure, SameSite: http.SameSiteStrictMode,
	}
	if id == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, &c)
}

// signInRoutes are those of the sign-in. A form on another site can't post to them: the browser tells where it stands,
// and what does not stand here is refused.
func (s *Site) signInRoutes() {
	if !s.o.SignIn.Tokens {
		return
	}
	sameOrigin := http.NewCrossOriginProtection()
	s.mux.HandleFunc("GET /sign-in", s.showSignIn)
	s.mux.Handle("POST /sign-in", sameOrigin.Handler(http.HandlerFunc(s.signIn)))
	s.mux.Handle("POST /sign-out", sameOrigin.Handler(http.HandlerFunc(s.signOut)))
}

func (s *Site) showSignIn(w http.ResponseWriter, r *http.Request) {
	s.renderSignIn(w, r, http.StatusOK, r.URL.Query().Get("back"), "")
}

// maxForm bounds the sign-in's form in bytes.
const maxForm = 64 << 10

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		s.renderSignIn(w, r, http.StatusBadRequest, "", "The form can't be read.")
		return
	}
	token, back := strings.TrimSpace(r.PostForm.Get("token")), r.PostForm.Get("back")
	if token == "" || strings.ContainsAny(token, " \r\n\x00") {
		s.renderSignIn(w, r, http.StatusBadRequest, back, "Give a token: a text without spaces.")
		return
	}
	tenant, err := s.verify(r.Context(), &visitor{header: "Authorization", value: "Bearer " + token})
	switch {
	case refused(err):
		s.o.Log.Warn("sign-in refused", slog.String("remote", r.RemoteAddr), slog.Any("error", err))
		s.renderSignIn(w, r, http.StatusUnauthorized, back, "The collector does not take this token: "+err.Error()+".")
		return
	case err != nil:
		s.o.Log.Error("sign-in impossible", slog.Any("error", err))
		s.renderSignIn(w, r, http.StatusBadGateway, back,
			"The token can't be checked now; the dashboard's log says why.")
		return
	}
	s.sessions.end(s.sessionID(r))
	id := s.sessions.begin(token, tenant)
	if id == "" {
		s.renderSignIn(w, r, http.StatusServiceUnavailable, back, "Too many people are signed in: come again later.")
		return
	}
	s.setCookie(w, id, s.sessions.life)
	w.Header().Set("Location", localPath(back))
	w.WriteHeader(http.StatusSeeOther)
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) {
	s.sessions.end(s.sessionID(r))
	s.setCookie(w, "", 0)
	w.Header().Set("Location", "/sign-in")
	w.WriteHeader(http.StatusSeeOther)
}

func (s *Site) renderSignIn(w http.ResponseWriter, r *http.Request, status int, back, problem string) {
	p := &part.Page{
		Title: "Sign in", URL: &url.URL{Path: "/sign-in"}, Now: s.o.Now().UTC(), Theme: theme(r), Assets: s.assets.page,
	}
	html, err := renderBytes(r, view.SignIn(p, localPath(back), problem))
	if err != nil {
		s.o.Log.Error("render the sign-in", slog.Any("error", err))
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	sendPage(w, r, status, html)
}

// signedIn tells whether the visitor of a page has a session that can be ended.
func (s *Site) signedIn(r *http.Request) bool {
	v, _ := r.Context().Value(visitorKey{}).(*visitor)
	return v != nil && v.over != nil
}
