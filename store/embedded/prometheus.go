package embedded

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect"
	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
)

// servedPaths are the paths of the engine that are served, true where the answer is of one tenant or the same for all,
// false where it tells of all tenants: those are its pages and what they ask. The engine also has paths that delete,
// write or reset caches, and others that export with the tenant's label: what is not listed does not exist.
var servedPaths = map[string]bool{
	"/api/v1/query": true, "/api/v1/query_range": true, "/api/v1/series": true, "/api/v1/labels": true,
	"/api/v1/query_exemplars": true, "/api/v1/rules": true, "/api/v1/alerts": true, "/prettify-query": true,
	"/expand-with-exprs":  true,
	"/api/v1/status/tsdb": false, "/api/v1/status/metric_names_stats": false, "/api/v1/status/top_queries": false,
	"/api/v1/status/active_queries": false, "/metric-relabel-debug": false, "/vmui": false, "/graph": false,
}

// Prometheus serves the Prometheus query API and the engine's pages, also below /prometheus/: what Serves tells, to
// read. The tenant is enforced as a label filter on every selector; filters that the request brings (extra_label,
// extra_filters[]) narrow it further.
func (s *Store) Prometheus(tenant edge.Tenant) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.Serves(r.URL.Path) {
			http.NotFound(w, r)
			return
		}
		if err := r.ParseForm(); err != nil {
			http.Error(w, "read the form: "+err.Error(), http.StatusBadRequest)
			return
		}
		if err := s.enter(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		defer s.leave()
		if !vmselect.RequestHandler(&sameOrigin{ResponseWriter: w}, s.confine(r, tenant)) {
			http.NotFound(w, r)
		}
	})
}

// sameOrigin takes the engine's permission for pages of any origin off an answer: a page that somebody visits must not
// read it.
type sameOrigin struct {
	http.ResponseWriter
	begun bool
}

// WriteHeader implements http.ResponseWriter.
func (w *sameOrigin) WriteHeader(code int) {
	w.begin()
	w.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (w *sameOrigin) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *sameOrigin) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *sameOrigin) begin() {
	if w.begun {
		return
	}
	w.begun = true
	for name := range w.Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			w.Header().Del(name)
		}
	}
}

// enginePath is the engine's path of a request, which may come below /prometheus/.
func enginePath(path string) string { return strings.TrimPrefix(path, "/prometheus") }

// Serves tells whether Prometheus answers at a path.
func (s *Store) Serves(path string) bool {
	path = enginePath(path)
	if strings.Contains(path, "//") || strings.Contains(path, "..") {
		return false
	}
	if label, ok := strings.CutPrefix(path, "/api/v1/label/"); ok {
		name, ok := strings.CutSuffix(label, "/values")
		return ok && name != "" && !strings.Contains(name, "/")
	}
	for _, pages := range [...]string{"/vmui", "/graph"} {
		if strings.HasPrefix(path, pages+"/") {
			path = pages
		}
	}
	confined, known := servedPaths[path]
	return known && (confined || !s.opts.Tenants)
}

// confine returns the request with the tenant's filter added. The engine takes extra_label from the URL before the
// form, and and-s all of them to each of extra_filters[]: all go to the URL here. trace=1 would show several tenants how
// the data of others is cached.
func (s *Store) confine(r *http.Request, tenant edge.Tenant) *http.Request {
	r2 := r.Clone(r.Context())
	r2.URL.Path, r2.URL.RawPath = enginePath(r.URL.Path), ""
	query := url.Values{}
	for key, values := range r.Form {
		if key != "trace" || !s.opts.Tenants {
			query[key] = values
		}
	}
	if end, ok := r.Context().Deadline(); ok && query.Get("timeout") == "" {
		query.Set("timeout", strconv.FormatFloat(max(time.Until(end), time.Millisecond).Seconds(), 'f', 3, 64))
	}
	query["extra_label"] = append([]string{edge.LabelTenant + "=" + formatTenant(tenant)}, r.Form["extra_label"]...)
	r2.Form, r2.PostForm = query, url.Values{}
	r2.URL.RawQuery = query.Encode()
	r2.RequestURI = r2.URL.RequestURI()
	return r2
}

// WriteMetrics appends the engines' metrics and the store's own, in Prometheus text.
func (s *Store) WriteMetrics(w io.Writer) {
	if s.enter() != nil {
		return
	}
	defer s.leave()
	var b bytes.Buffer
	metrics.WritePrometheus(&b, false)
	for i, st := range s.kinds {
		var stats logstorage.StorageStats
		st.UpdateStats(&stats)
		kind := edge.Kind(i)
		gauge(&b, "edgescope_store_rows", kind, stats.RowsCount())
		gauge(&b, "edgescope_store_bytes", kind, sizeOf(&stats))
	}
	readOnly := 0
	if s.guard.readOnly.Load() {
		readOnly = 1
	}
	fmt.Fprintf(&b, "edgescope_store_read_only %d\n", readOnly)
	fmt.Fprintf(&b, "edgescope_store_free_disk_bytes %d\n", s.guard.free.Load())
	fmt.Fprintf(&b, "edgescope_store_dropped_events_total %d\n", s.waiting.Dropped())
	fmt.Fprintf(&b, "edgescope_store_dropped_samples_total %d\n", s.droppedSamples.Load())
	bytes, writers := s.waiting.Load()
	damage := s.ward.Figures()
	fmt.Fprintf(&b, "edgescope_store_quarantined_items %d\n", damage.Items)
	fmt.Fprintf(&b, "edgescope_store_quarantined_rows %d\n", damage.Rows)
	fmt.Fprintf(&b, "edgescope_store_damaged_parts %d\n", damage.Damaged)
	fmt.Fprintf(&b, "edgescope_store_waiting_bytes %d\n", bytes)
	fmt.Fprintf(&b, "edgescope_store_waiting_writers_total %d\n", writers)
	_, _ = w.Write(b.Bytes()) // who asked is gone when this fails
}

func gauge(b *bytes.Buffer, name string, kind edge.Kind, value uint64) {
	fmt.Fprintf(b, "%s{kind=%q} %d\n", name, kind.String(), value)
}
