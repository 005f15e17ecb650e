package web

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"edgescope/web/view"
)

// idle is how often a stream without news says that it is there: proxies cut silent connections.
const idle = 15 * time.Second

// stream serves the live updates of a page as server-sent events: each event is the new inside of the page, sent when
// it differs from the last one. While the collector does not answer, an event named "retrying" says so.
func (s *Site) stream(pg page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := cmp.Or(strings.TrimPrefix(r.URL.Path, "/live"), "/")
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Accel-Buffering", "no")
		st := streamer{
			site: s, page: pg, path: path, id: r.PathValue("id"), w: w, r: r, control: http.NewResponseController(w),
		}
		st.last = r.Header.Get("Last-Event-ID")
		if st.comment() != nil {
			return
		}
		st.run()
	})
}

type streamer struct {
	site     *Site
	page     page
	path, id string
	w        http.ResponseWriter
	r        *http.Request
	control  *http.ResponseController
	last     string
}

// run asks again until the reader goes or the site closes.
func (st *streamer) run() {
	ask := time.NewTicker(st.site.o.Every)
	defer ask.Stop()
	alive := time.NewTicker(idle)
	defer alive.Stop()
	for {
		var err error
		select {
		case <-st.r.Context().Done():
			return
		case <-st.site.done:
			return
		case <-alive.C:
			err = st.comment()
		case <-ask.C:
			err = st.update()
		}
		if err != nil {
			return // the reader is gone
		}
	}
}

func (st *streamer) update() error {
	p, content, err := st.site.answer(st.r, st.page, st.path, st.id)
	if st.site.o.SignIn.on() && refused(err) {
		return err // the stream ends; the next one needs a sign-in
	}
	if err != nil {
		return st.write("event: retrying\ndata: " + clockText(p.Now) + "\n\n")
	}
	html, err := renderBytes(st.r, view.Inside(p, content.Body))
	if err != nil {
		return err
	}
	id := fingerprint(html)
	if id == st.last {
		return st.comment()
	}
	st.last = id
	return st.write("id: " + id + "\ndata: " + strings.ReplaceAll(string(html), "\n", "\ndata: ") + "\n\n")
}

func (st *streamer) comment() error { return st.write(":\n\n") }

// write sends one event with a deadline of its own: the server's is for whole answers.
func (st *streamer) write(event string) error {
	if err := st.control.SetWriteDeadline(time.Now().Add(idle)); err != nil {
		return fmt.Errorf("set the deadline of a live update: %w", err)
	}
	if _, err := st.w.Write([]byte(event)); err != nil {
		return err
	}
	return st.control.Flush()
}

func clockText(t time.Time) string { return t.UTC().Format("15:04:05") }

// fingerprint tells two updates apart, but for the time of asking.
func fingerprint(html []byte) string {
	h := fnv.New64a()
	if at := bytes.LastIndex(html, []byte(`<p class="foot"`)); at >= 0 {
		html = html[:at]
	}
	_, _ = h.Write(html) // a hash takes everything
	return strconv.FormatUint(h.Sum64(), 16)
}
