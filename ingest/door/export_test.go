package door

import "net/http"

// AllowOrigins is what pages pass first.
var AllowOrigins = allowOrigins

// Inside is the ingest port without what counts and admits by name and origin before it.
func (d *Door) Inside() http.Handler { return http.HandlerFunc(d.serve) }
