package door

import (
	"net/http"
	"slices"
	"strings"
)

// allowOrigins lets pages of the allowed origins send, * of any (fetch.spec.whatwg.org, "CORS protocol"), and answers
// their preflights. Without origins it changes nothing. What is below /admin is for no page.
func allowOrigins(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/admin" || strings.HasPrefix(r.URL.Path, "/admin/") {
			next.ServeHTTP(w, r)
			return
		}
		h, origin := w.Header(), r.Header.Get("Origin")
		h.Add("Vary", "Origin")
		allowed := origin != "" && (slices.Contains(origins, "*") || slices.Contains(origins, origin))
		if allowed {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "Retry-After")
		}
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		if allowed {
			preflight(h, r.Header)
		}
		h.Set("Allow", "POST, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	})
}

// preflight allows what a page asks for: it is the same for all requests that an allowed origin may send.
func preflight(h, asked http.Header) {
	h.Set("Access-Control-Allow-Methods", "POST")
	if names := asked.Get("Access-Control-Request-Headers"); names != "" {
		h.Set("Access-Control-Allow-Headers", names)
	}
	if asked.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	h.Set("Access-Control-Max-Age", "7200")
}
