package web

import (
	"bytes"
	"compress/gzip"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"edgescope/internal/accept"
	"edgescope/web/part"
	"edgescope/web/view"
)

// policy allows what the pages load from the dashboard itself, and nothing else: no inline script or style, no frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Secure sets the security headers of every answer.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// render writes a page, or only the inside of its main element when a script asks for a part. The HTML is complete
// before the first byte is sent, so an error while rendering is a clean 500.
func (s *Site) render(w http.ResponseWriter, r *http.Request, p *part.Page, content part.Content) {
	body, status := content.Body, http.StatusOK
	if p.Problem != nil {
		body, status = view.Failure(p), p.Problem.Status
	}
	whole := view.Document(p, body)
	if r.Header.Get("HX-Request-Type") == "partial" {
		whole = view.Main(p, body)
	}
	html, err := renderBytes(r, whole)
	if err != nil {
		s.o.Log.Error("render a page", slog.String("path", r.URL.Path), slog.Any("error", err))
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	sendPage(w, r, status, html)
}

// sendPage writes a page, which is nobody else's.
func sendPage(w http.ResponseWriter, r *http.Request, status int, html []byte) {
	h := w.Header()
	h.Set("Vary", "HX-Request-Type, Accept-Encoding, Cookie")
	h.Set("Cache-Control", "no-store")
	send(w, r, "text/html; charset=utf-8", status, html)
}

func renderBytes(r *http.Request, c templ.Component) ([]byte, error) {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// send writes an answer, compressed when the client takes gzip.
func send(w http.ResponseWriter, r *http.Request, contentType string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	if accept.Gzip(r.Header) && len(body) > 1000 {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body) // a bytes.Buffer takes everything
		_ = z.Close()
		body = b.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the reader may be gone
}

// themeCookie holds dark or light; without it the system's choice holds.
const themeCookie = "theme"

// theme returns the theme that the cookie asks for, "" for the system's.
func theme(r *http.Request) string {
	c, err := r.Cookie(themeCookie)
	if err != nil || c.Value != "dark" && c.Value != "light" {
		return ""
	}
	return c.Value
}

// theme sets the cookie and leads back to a page of this site.
func (s *Site) theme(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("to")
	c := http.Cookie{
		Name: themeCookie, Value: to, Path: "/", MaxAge: 400 * 24 * 3600, HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
	switch to {
	case "dark", "light":
	case "auto":
		c.Value, c.MaxAge = "", -1
	default:
		http.Error(w, "theme: to must be dark, light or auto", http.StatusBadRequest)
		return
	}
	http.SetCookie(w, &c)
	w.Header().Set("Location", localPath(r.URL.Query().Get("back")))
	w.WriteHeader(http.StatusSeeOther)
}

// localPath returns back when it is a path of this site, else "/". A browser reads "//host" and "/\host" as another
// site.
func localPath(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || strings.ContainsAny(back, "\r\n\t") ||
		strings.Contains(u.Path, "\\") ||
		!strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	out := url.URL{Path: u.Path, RawQuery: u.RawQuery}
	return out.String()
}

func favicon(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	send(w, r, "image/svg+xml", http.StatusOK,
		[]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#3f86e8" `+
			`stroke-width="2.2"><circle cx="12" cy="12" r="10"/><path d="M4 12.5h4l2-6 3.5 11 2-5h4.5"/></svg>`))
}
