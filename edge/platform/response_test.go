package platform_test

import (
	"net/http"
	"sync"
	"testing"

	"edgescope/edge"
	"edgescope/edge/platform"
)

func TestResponse(t *testing.T) {
	f := func(want platform.ResponseFacts, pairs ...string) {
		t.Helper()
		h := make(http.Header)
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		if got := platform.Response(h); got != want {
			t.Errorf("%q:\ngot  %+v\nwant %+v", pairs, got, want)
		}
	}
	type facts = platform.ResponseFacts
	f(facts{})
	f(facts{}, "Content-Type", "text/html", "X-Cache", "")
	f(facts{
		Platform: "cloudflare.workers", Colo: "FRA", Region: "FRA", InvocationID: "8f1e2d3c4b5a6978-FRA",
		CacheStatus: "miss", CacheSource: "cf-cache-status",
	},
		"CF-Ray", "8f1e2d3c4b5a6978-FRA", "CF-Cache-Status", "MISS")
	f(facts{
		Platform: "vercel", Colo: "fra1", Region: "iad1", InvocationID: "fra1::iad1::x", CacheStatus: "hit",
		CacheSource: "x-vercel-cache",
	},
		"X-Vercel-Id", "fra1::iad1::x", "X-Vercel-Cache", "PRERENDER")
	f(facts{Platform: "cloudfront", Colo: "FRA", Region: "FRA", CacheStatus: "hit", CacheSource: "x-cache"},
		"X-Amz-Cf-Id", "a==", "X-Amz-Cf-Pop", "FRA56-P4", "X-Cache", "Hit from cloudfront")
	f(facts{Platform: "fastly", Colo: "LHR", Region: "LHR", CacheStatus: "hit", CacheSource: "x-cache"},
		"X-Served-By", "cache-iad-kiad7000025-IAD", "X-Served-By", "cache-lhr7349-LHR", "X-Cache", "MISS", "X-Cache",
		"HIT")
	f(facts{Platform: "netlify", CacheStatus: "hit", CacheSource: "cache-status"},
		"X-Nf-Request-Id", "01H", "Cache-Status", `"Netlify Durable"; fwd=miss`, "Cache-Status", `"Netlify Edge"; hit`)
	f(facts{Region: "SIN", Colo: "SIN", ColdStart: edge.True, CacheStatus: "stale", CacheSource: "x-cache-status"},
		"X-Edge-Region", "SIN", "X-Cold-Start", "1", "X-Cache-Status", "stale")
	f(facts{Region: "eu-west-1", ColdStart: edge.False}, "X-Edge-Region", "eu-west-1", "X-Cold-Start", "0")
	f(facts{
		ColdStart: edge.True, InitDuration: 30e6, HasInit: true, CPUTime: 7250e3, HasCPU: true, Origin: 21e6,
		HasOrigin: true,
	},
		"Server-Timing", "cold;dur=30, cpu;dur=7.25", "Server-Timing", "origin;dur=21")
	f(facts{ColdStart: edge.False, InitDuration: 30e6, HasInit: true}, "X-Cold-Start", "0", "Server-Timing",
		"init;dur=30")
	f(facts{ColdStart: edge.Unknown}, "X-Cold-Start", "maybe", "Server-Timing", "total;dur=30")
	f(facts{CacheStatus: "hit", CacheSource: "age"}, "Age", "12")
}

func BenchmarkResponse(b *testing.B) {
	h := http.Header{
		"Content-Type": {"application/json"}, "X-Edge-Region": {"FRA"}, "X-Cold-Start": {"0"},
		"X-Cache-Status": {"hit"},
		"Server-Timing":  {"cpu;dur=7.25"},
	}
	b.ReportAllocs()
	for b.Loop() {
		platform.Response(h)
	}
}

// TestResponsesDoNotMix: what one response tells is not told of the next, from whatever goroutine.
func TestResponsesDoNotMix(t *testing.T) {
	full := http.Header{
		"Cf-Ray": {"8f1e2d3c4b5a6978-FRA"}, "Cf-Cache-Status": {"HIT"}, "Server-Timing": {"cold;dur=30"},
		"X-Edge-Region": {"FRA"}, "Age": {"3"},
	}
	want := platform.Response(full)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 200 {
				if got := platform.Response(full); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				got := platform.Response(http.Header{"X-Edge-Region": {"eu"}})
				if got != (platform.ResponseFacts{Region: "eu", ColdStart: edge.Unknown}) {
					t.Errorf("a region alone tells %+v", got)
				}
				got = platform.Response(http.Header{"Content-Type": {"text/plain"}})
				if got != (platform.ResponseFacts{ColdStart: edge.Unknown}) {
					t.Errorf("nothing tells %+v", got)
				}
			}
		})
	}
	readers.Wait()
}
