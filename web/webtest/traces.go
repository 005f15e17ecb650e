package webtest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/query"
)

func (c *Collector) traceList(n int) []query.Trace {
	var out []query.Trace
	for i := range n {
		p := places[i%12]
		t := query.Trace{
			ID: strings.Repeat("0", 24) + strconv.FormatInt(0x10000000+int64(i)*7919, 16), SpanID: "eee19b7ec3c1b174",
			Start:    Now.Add(-time.Duration(i*1731) * time.Millisecond),
			Duration: query.Num(40 + c.random.ExpFloat64()*120), Service: "image-resize", Name: "GET /img",
			Route: "/img/*", Method: "GET", Status: 200,
			Outcome: "ok", Region: p.code, Version: "v142", Cold: "false", Cache: "hit",
		}
		switch i % 9 {
		case 0:
			t.ID = TraceID
		case 3:
			t.Status, t.Outcome, t.Cache = 503, "error", "miss"
		case 5:
			t.Cold, t.Status = "true", 404
		case 7:
			t.Cold, t.Cache, t.Version, t.Status, t.Outcome = "", "", "", 0, "exceeded_cpu"
		}
		out = append(out, t)
	}
	return out
}

func (c *Collector) traces() any {
	out := &query.Traces{About: c.about(), Choices: choices}
	if c.Bare {
		return out
	}
	out.Traces, out.Found, out.Histogram, out.Next = c.traceList(50), 128411, bell(60, .8, 9000), "cursor-2"
	for key, values := range map[string][]string{ // sorted below
		"region": {"IAD", "FRA", "LHR", "GRU"}, "route": {"/img/*", "/api/catalog", ""},
		"status": {"200", "404", "503"},
		"cold":   {"false", "true", ""}, "cache": {"hit", "miss"}, "version": {"v142", "v141"},
	} {
		facet := query.Facet{Key: key}
		for i, v := range values {
			facet.Values = append(facet.Values, query.FacetValue{Value: v, Count: int64(100000 / (i + 1))})
		}
		out.Facets = append(out.Facets, facet)
	}
	slices.SortFunc(out.Facets, func(a, b query.Facet) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func (c *Collector) trace() any {
	start := Now.Add(-time.Minute)
	span := func(id, parent, service, name string, depth int, offset, duration float64) query.Span {
		return query.Span{
			ID: id, ParentID: parent, Service: service, Name: name, Kind: "server", Depth: depth,
			Start:  start.Add(time.Duration(offset * 1e6)),
			Offset: query.Num(offset), Duration: query.Num(duration), Region: "GRU",
			Attrs: map[string]string{
				"http.route": "/img/*", "faas.name": "image-resize", "note": `<script>alert("x")</script>`,
			},
		}
	}
	spans := []query.Span{
		span("01", "", "edgescope-loadgen", "GET /img/cat.png", 0, 0, 431),
		span("02", "01", "image-resize", "GET /img/*", 1, 38, 372),
		span("03", "02", "image-resize", "init", 2, 40, 182),
		span("04", "02", "image-resize", "cache.match", 2, 224, 4),
		span("05", "02", "image-resize", "fetch origin", 2, 229, 140),
		span("06", "05", "origin", "GET /cat.png", 3, 241, 118), span("07", "02", "image-resize", "resize", 2, 372, 35),
		span("09", "08", "origin", "db.query", 0, 262, 61),
	}
	spans[1].Cold, spans[3].Cache, spans[5].Status, spans[7].MissingParent = "true", "miss", "error", true
	spans[5].Events = []query.SpanEvent{
		{Name: "exception", At: start, Offset: 301, Attrs: map[string]string{"exception.message": "connection reset"}},
	}
	return &query.TraceDetail{
		About: c.about(), ID: TraceID, Start: start, Duration: 431,
		Services: []string{"edgescope-loadgen", "image-resize", "origin"}, Spans: spans, Missing: 1, Run: RunID,
	}
}
