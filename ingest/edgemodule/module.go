// Package edgemodule serves the module by which edge functions tell a collector of their requests: a client of the
// doors in JavaScript. The source is edgescope.mjs; what is served is edgescope.min.mjs, made from it by this package's
// test.
package edgemodule

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"time"

	"edgescope/internal/accept"
)

// Path is where the module is on the ingest port.
const Path = "/edgescope.mjs"

//go:embed edgescope.min.mjs
var module []byte

// Handler answers GET and HEAD of Path with the module, to pages and functions of any origin, and leaves every other
// request to next. The answer may be kept for an hour and has an entity tag; it is gzipped for who takes that.
func Handler(next http.Handler) http.Handler {
	sum := sha256.Sum256(module)
	tag := hex.EncodeToString(sum[:8])
	zipped := compress(module)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != Path || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Cache-Control", "public, max-age=3600")
		h.Set("Vary", "Accept-Encoding")
		body, suffix := module, ""
		if accept.Gzip(r.Header) {
			h.Set("Content-Encoding", "gzip")
			body, suffix = zipped, "-gzip"
		}
		h.Set("ETag", `"`+tag+suffix+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

func compress(b []byte) []byte {
	var to bytes.Buffer
	z, err := gzip.NewWriterLevel(&to, gzip.BestCompression)
	if err != nil {
		panic("BUG: no such level: " + err.Error())
	}
	_, _ = z.Write(b) // into memory: it can't fail
	_ = z.Close()
	return to.Bytes()
}
