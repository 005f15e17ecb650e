package access

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Front is what a request must pass on a port before anybody asks who sends it: docs/adr/020-names-and-origins.md.
type Front struct {
	Hosts *Hosts
	// Origins are those of other sites whose pages may send, * for any.
	Origins []string
	// Refuse answers what is refused; nil answers in JSON.
	Refuse func(http.ResponseWriter, *http.Request, Refusal)
}

// Refusal is why a request does not pass.
type Refusal struct {
	// Status is that of HTTP: 400, 403 or 421.
	Status int
	// Reason is a word for counters, Message a sentence for the sender.
	Reason, Message string
}

// Wrap returns a handler that lets through to next what may pass.
func (f *Front) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refusal, refused := f.check(r)
		switch {
		case !refused:
			next.ServeHTTP(w, r)
		case f.Refuse != nil:
			f.Refuse(w, r, refusal)
		default:
			kind := map[int]string{
				http.StatusBadRequest: "bad_data", http.StatusForbidden: "forbidden",
				http.StatusMisdirectedRequest: "misdirected",
			}
			Answer(w, refusal.Status, kind[refusal.Status], refusal.Message)
		}
	})
}

// check returns why a request does not pass, if so.
func (f *Front) check(r *http.Request) (Refusal, bool) {
	if n := len(r.Header["Authorization"]); n > 1 {
		return Refusal{http.StatusBadRequest, "authorization", repeated(n).Error()}, true
	}
	if !f.Hosts.Allows(r.Host, r.Header.Get("Origin") != "") {
		return Refusal{
			http.StatusMisdirectedRequest, "host",
			fmt.Sprintf("this port does not know itself as %.100q: ask it by its address, "+
				"or start the program with --allowed-hosts and that name", plainHost(r.Host)),
		}, true
	}
	if !f.mayAsk(r) {
		const remedy = "if the page should send telemetry, start the collector with --cors-origin and its origin; a " +
			"proxy in between must pass the header Host on"
		return Refusal{http.StatusForbidden, "origin", fmt.Sprintf("a web page of another origin (%.100q) may not "+
			"ask this port: %s", r.Header.Get("Origin"), remedy)}, true
	}
	return Refusal{}, false
}

// mayAsk tells whether a request is not of a web page, or of one that may ask. Browsers say it in Sec-Fetch-Site (W3C
// Fetch Metadata), which no page can set, and older ones, or those on plain HTTP, in Origin. Following a link to here
// is nobody's asking but the visitor's. http.CrossOriginProtection lets every GET pass; here a GET may be a question
// that costs.
func (f *Front) mayAsk(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case origin != "" && (slices.Contains(f.Origins, "*") || slices.Contains(f.Origins, origin)):
		return true
	case site == "same-origin" || site == "none":
		return true
	case site != "":
		return r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
			(r.Method == http.MethodGet || r.Method == http.MethodHead)
	case origin == "":
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && from.Host != "" && strings.EqualFold(from.Host, r.Host)
}
