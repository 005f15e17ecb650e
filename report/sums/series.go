package sums

import (
	"strings"

	"edgescope/edge"
	"edgescope/report/text"
)

// The names of our own distributions (milliseconds).
const (
	SeriesResponse = "edgescope.response_time" // the headline: intended start -> last byte
	SeriesService  = "edgescope.service_time"
	SeriesTTFB     = "edgescope.ttfb"
	SeriesLag      = "edgescope.lag"
	SeriesConnWait = "edgescope.conn_wait"

	// SeriesFirstHit and SeriesLaterHit begin those of first hits and of all other requests.
	SeriesFirstHit = "edgescope.first_hit"
	SeriesLaterHit = "edgescope.later_hit"

	// Cold and Warm end those of new connections and of reused ones.
	Cold = ".cold"
	Warm = ".warm"
)

// The names of what is counted of requests: of HTTP as Artillery has them, and ours of WebSockets, where a handshake and
// a message that is waited for are requests.
const (
	Requests         = "http.requests"
	Responses        = "http.responses"
	SocketRequests   = "edgescope.websocket.requests"
	SocketResponses  = "edgescope.websocket.responses"
	SocketCodes      = "edgescope.websocket.codes."
	SocketByEndpoint = "edgescope.websocket-by-endpoint"

	SeriesConnect = "edgescope.websocket.connect_time" // intended start -> the server has agreed
	SeriesAnswer  = "edgescope.websocket.answer_time"  // intended start -> the message was there
)

// The names of what is known of caches: counters by status, of all answers and by endpoint, and the hit ratios made of
// them.
const (
	CacheCounters   = "edgescope.cache."
	CacheByEndpoint = "edgescope.cache-by-endpoint."
	HitRatio        = "edgescope.cache.hit_ratio"
)

// addHitRatios adds edgescope.cache.hit_ratio, and one for each endpoint, to the rates: a number from 0 to 1 with four
// decimals. Answers that could not come from the cache (bypass, dynamic) are in no ratio; without any other there is
// none.
func addHitRatios(rates map[string]float64, counters map[string]int64) {
	type count struct{ hits, all int64 }
	counts := map[string]count{}
	for name, n := range counters {
		key, status, ok := cacheCounter(name)
		if !ok {
			continue
		}
		c := counts[key]
		switch status {
		case edge.CacheHit, edge.CacheStale, edge.CacheRevalidated:
			c.hits += n
			c.all += n
		case edge.CacheMiss, edge.CacheExpired:
			c.all += n
		}
		counts[key] = c
	}
	for name, c := range counts {
		if c.all > 0 {
			rates[name] = text.Round(float64(c.hits)/float64(c.all), 4)
		}
	}
}

// cacheCounter tells which ratio a counter goes into.
func cacheCounter(name string) (ratio, status string, ok bool) {
	if status, ok = strings.CutPrefix(name, CacheCounters); ok {
		return HitRatio, status, true
	}
	rest, ok := strings.CutPrefix(name, CacheByEndpoint)
	dot := strings.LastIndexByte(rest, '.')
	if !ok || dot < 0 {
		return "", "", false
	}
	return HitRatio + "." + rest[:dot], rest[dot+1:], true
}
