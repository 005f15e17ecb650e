package platform_test

import (
	"strings"
	"testing"

	"edgescope/edge"
)

// response begins the attributes of headers.
const response = "http.response.header."

// cacheStatus is what a response header, or an attribute with a dot in its key, tells of a cache.
func cacheStatus(source, value string) string {
	if !strings.Contains(source, ".") {
		source = response + source
	}
	return facts(source, value).CacheStatus
}

func TestCacheStatus(t *testing.T) {
	f := func(source, value, want string) {
		t.Helper()
		if got := cacheStatus(source, value); got != want {
			t.Errorf("%s: %s means %q, want %q", source, value, got, want)
		}
	}
	f("cf-cache-status", "HIT", "hit")
	f("cf-cache-status", "miss", "miss")
	f("cf-cache-status", "EXPIRED", "expired")
	f("cf-cache-status", "STALE", "stale")
	f("cf-cache-status", "UPDATING", "stale")
	f("cf-cache-status", "REVALIDATED", "revalidated")
	f("cf-cache-status", "BYPASS", "bypass")
	f("cf-cache-status", "DYNAMIC", "dynamic")
	f("cf-cache-status", "NONE", "")
	f("cf-cache-status", "UNKNOWN", "")
	f("cf-cache-status", " Hit ", "hit")
	f("cf-cache-status", "", "")

	for _, source := range []string{"x-vercel-cache", "x-nextjs-cache"} {
		f(source, "HIT", "hit")
		f(source, "PRERENDER", "hit")
		f(source, "MISS", "miss")
		f(source, "STALE", "stale")
		f(source, "REVALIDATED", "revalidated")
		f(source, "BYPASS", "bypass")
		f(source, "ERROR", "")
	}
	for _, source := range []string{
		"x-cache-status", "x-proxy-cache", "cdn-cache", "x-nf-cache", "cache.response.cache_status",
		"cloudflare.kv.response.cache_status", "db.cf.kv.cache_status", "edge.cache.status", "cache.status",
	} {
		f(source, "Hit", "hit")
		f(source, "MISS", "miss")
		f(source, "BYPASS", "bypass")
		f(source, "EXPIRED", "expired")
		f(source, "stale", "stale")
		f(source, "REVALIDATED", "revalidated")
		f(source, "UPDATING", "stale")
		f(source, "a word that is far too long to be one of these", "")
	}
	f("cache.hit", "true", "hit")
	f("cache.hit", "false", "miss")
	f("cache.hit", "maybe", "")
	f("age", "1", "hit")
	f("age", "0", "")
	f("age", "", "")
	f("server-timing", "cdn-cache; desc=HIT", "hit")
	f("server-timing", `edge; dur=1, cdn-cache; desc="MISS"`, "miss")
	f("server-timing", `cdn-cache; desc="H\IT"`, "hit")
	f("server-timing", "db;dur=53", "")
	f("server-timing", `cfEdge;dur=9, cfCacheStatus;desc="EXPIRED"`, "expired")
	f("server-timing", `cache;desc="hit-front", host;desc="cp3062"`, "hit")
	f("server-timing", `cdn-upstream-fbl;dur=9, cdn-cache-refresh, cdn-pop;desc="FRA56-P4"`, "revalidated")
	f("server-timing", "cache;dur=3, cdn-cache-miss", "miss")
	f("x-varnish", "32770 3", "hit")
	f("x-varnish", "32770", "miss")
	f("x-varnish", "1 2, 3", "miss")
	f("x-varnish", "a b", "")
	f("server-timing", "cdn-cache; desc=REVALIDATE, edge; dur=1", "revalidated")
	f("x-check-cacheable", "NO", "bypass")
	f("x-check-cacheable", "YES", "")
	f("x-cache-hits", "0, 3", "hit")
	f("x-cache-hits", "2, 0", "miss")
	f("x-cache-hits", "HIT", "")
	f("x-cache-status", "Refresh", "expired") // Kong
	f("x-nginx-cache", "SCARCE", "miss")
	f("x-litespeed-cache", "hit,private", "hit")
	f("x-rack-cache", "miss, store", "miss")
	f("x-rack-cache", "fresh", "hit")
	f("x-drupal-dynamic-cache", "UNCACHEABLE", "bypass")
	f("cache.status", "Hit", "hit")
}

func TestXCache(t *testing.T) {
	f := func(value, want string) {
		t.Helper()
		for _, source := range []string{"x-cache", "x-cache-remote"} {
			if got := cacheStatus(source, value); got != want {
				t.Errorf("%s: %s means %q, want %q", source, value, got, want)
			}
		}
	}
	f("HIT", "hit") // Fastly
	f("MISS", "miss")
	f("MISS, HIT", "hit")
	f("HIT, MISS", "miss")
	f("HIT-CLUSTER", "hit")
	f("PASS", "bypass")
	f("HIT-STALE", "stale")
	f("HIT-STALE-CLUSTER", "stale")
	f("MISS-WAIT", "miss")
	f("hit", "hit") // Varnish, as its configurations write it
	f("pass", "bypass")
	f("hitmiss", "miss")
	f("synth", "dynamic")
	f("hit-fresh", "hit") // Traffic Server
	f("hit-stale", "stale")
	f("skipped", "bypass")
	f("HIT from proxy.example.org:3128", "hit") // Squid
	f("MISS from hit.example.org", "miss")
	f("UNKNOWN from cache-hit.example.org", "")
	f("TCP_MISS/200", "miss")
	f("HIT TCP_MEM_HIT dirn:-2:-2", "hit") // Alibaba
	f("cp3062 miss, cp3062 hit/5", "hit")  // Wikimedia
	f("Cache Hit", "hit")
	f("hit, server", "") // the last cache says nothing

	f("Hit from cloudfront", "hit")
	f("RefreshHit from cloudfront", "revalidated")
	f("Miss from cloudfront", "miss")
	f("LambdaGeneratedResponse from cloudfront", "dynamic")
	f("FunctionGeneratedResponse from cloudfront", "dynamic")
	f("Error from cloudfront", "")
	f("Redirect from cloudfront", "")

	f("OriginShieldHit from cloudfront", "hit")
	f("LambdaExecutionError from cloudfront", "")

	// Akamai, Return Cache Status: the child is nearest to the client, and comes first.
	f("Hit from child", "hit")
	f("Hit from child, Miss from parent", "hit")
	f("Miss from child, Hit from parent", "miss")
	f("RefreshHit from child", "revalidated")
	f("HitStale from child, Miss from parent", "stale")
	f("NotCacheable from child", "bypass")
	f("Constructed from child", "dynamic")
	f("Redirect from child", "")
	f("Error from child, Hit from parent", "")

	f("TCP_HIT from a1.deploy.akamaitechnologies.com (AkamaiGHost/10.0) (-)", "hit")
	f("TCP_MEM_HIT from a1", "hit")
	f("TCP_REMOTE_HIT", "hit")
	f("TCP_MISS from a1", "miss")
	f("TCP_REFRESH_HIT from a1", "revalidated")
	f("TCP_REFRESH_MISS from a1", "expired")
	f("TCP_EXPIRED_MISS from a1", "expired")
	f("TCP_REFRESH_FAIL_HIT from a1", "stale")
	f("TCP_CLIENT_REFRESH_MISS from a1", "bypass")
	f("PRIVATE_NOSTORE", "bypass")
	f("CONFIG_NOCACHE", "bypass")
	f("TCP_EXPIRED_HIT", "revalidated")
	f("TCP_PARTIAL_HIT", "hit")
	f("PARTIAL_HIT", "hit")
	f("REMOTE_HIT", "hit")
	f("CACHE_NOCONFIG", "bypass")
	f("UNCACHEABLE", "bypass")
	f("TCP_IMS_HIT", "hit")
	f("TCP_NEGATIVE_HIT", "hit")
	f("TCP_SWAPFAIL_MISS", "miss")
	f("TCP_REFRESH_UNMODIFIED", "revalidated")
	f("TCP_COOKIE_DENY", "")
	f("N/A", "")
	f("NONE", "")
	f("TCP_DENIED", "")
	f("", "")
}

func TestRFC9211(t *testing.T) {
	f := func(value, want string) {
		t.Helper()
		if got := cacheStatus("cache-status", value); got != want {
			t.Errorf("cache-status: %s means %q, want %q", value, got, want)
		}
	}
	f("ExampleCache; hit", "hit")
	f("ExampleCache; hit; ttl=376", "hit")
	f("ExampleCache; hit; ttl=-412", "stale")
	f("ExampleCache;hit=?1", "hit")
	f("ExampleCache;hit=?0;fwd=miss", "miss")
	f("ExampleCache; fwd=uri-miss; collapsed", "miss")
	f("ExampleCache; fwd=vary-miss; stored", "miss")
	f("ExampleCache; fwd=miss", "miss")
	f("ExampleCache; fwd=request", "miss")
	f("ExampleCache; fwd=partial", "miss")
	f("ExampleCache; fwd=stale; fwd-status=304", "revalidated")
	f("ExampleCache; fwd=stale; fwd-status=200", "expired")
	f("ExampleCache; fwd=stale", "expired")
	f("ExampleCache; fwd=bypass", "bypass")
	f("ExampleCache; fwd=method", "bypass")
	f("ExampleCache", "")
	f("ExampleCache; fwd=other", "")
	f("ExampleCache; detail=hit", "")
	f(`"a, b; fwd=miss"; hit`, "hit")
	f(`"say \"hit\", please"; fwd=miss`, "miss")
	f(`A; fwd=miss; detail="x, y; hit", B; hit; ttl=3`, "hit")
	f("OriginCache; hit; ttl=1100, CDN; fwd=uri-miss", "miss")
	f("OriginCache; hit, ", "hit")
	f(`"Next.js"; hit, "Netlify Durable"; fwd=bypass, "Netlify Edge"; fwd=miss`, "miss")
	f(`"Netlify Edge"; hit, "Netlify Durable"; fwd=miss`, "hit") // the edge does not always come last
	f("hit", "")                                                 // a cache of that name
	f(`"never closed; hit, B; fwd=miss`, "")
	f("", "")
	f(",;=", "")
}

func TestCacheSources(t *testing.T) {
	f := func(want, source string, pairs ...string) {
		t.Helper()
		if got := facts(pairs...); got.CacheStatus != want || got.CacheSource != source {
			t.Errorf("%q: cache %q by %q, want %q by %q", pairs, got.CacheStatus, got.CacheSource, want, source)
		}
	}
	f("", "", "http.route", "/")
	f("hit", "edge.cache.status", "edge.cache.status", "hit", "cache.hit", "false")
	f("miss", "cache.hit", "edge.cache.status", "unknown", "cache.hit", "false")
	f("hit", "cache.response.cache_status", "cache.response.cache_status", "HIT")
	f("hit", "cache-status", response+"cache-status", "A; hit", response+"cf-cache-status", "MISS")
	f("miss", "cf-cache-status", response+"cache-status", "A", response+"cf-cache-status", "MISS")
	f("miss", "cache-status", response+"cache-status", `["A; hit","B; fwd=miss"]`)
	f("hit", "x-cache", response+"x-cache", `["MISS","HIT"]`)
	f("hit", "cf-cache-status", response+"cf-cache-status", `["HIT"]`)
	f("hit", "server-timing", response+"server-timing", `["edge; dur=1","cdn-cache; desc=HIT"]`)
	f("hit", "cloudflare.kv.response.cache_status", "cloudflare.kv.response.cache_status", "HIT")
	f("hit", "age", response+"age", "17")
	f("", "", response+"age", "0")
	f("", "", response+"age", "17", response+"cf-cache-status", "NONE")
	f("hit", "cache.hit", response+"cf-cache-status", "NONE", "cache.hit", "true")
	f("hit", "cache.hit", "cacheHit", "true")
	f("", "", response+"age", "17", response+"x-varnish", "x")
	f("miss", "cache.status", "cache_status", "MISS")
	f("hit", "x-varnish", response+"x-varnish", "7 3", response+"age", "0")
	f("hit", "akamai-cache-status", response+"akamai-cache-status", `["Hit from child, Miss from parent"]`)
	f("hit", "akamai-cache-status", response+"akamai-cache-status", `["Hit from child","Miss from parent"]`)
	// All spellings of one header.
	for _, key := range []string{
		response + "x-cache", response + "X-Cache", response + "x_cache", response + "X_CACHE",
		"http.response.headers.x-cache",
		"http.response.headers.X-Cache", "http.request.header.x-cache", "http.request.header.X-Cache", "x-cache",
		"X-Cache", "X-CACHE",
	} {
		f("hit", "x-cache", key, "HIT")
	}
	f("hit", "x-cache", "http.request.header.X-Cache", "MISS", response+"X-Cache", "HIT")
	f("miss", "cdn-cache", "CDN-Cache", "MISS") // as bunny.net writes it
	f("", "", "X-Cache-Else", "HIT")
	f("stale", "cache.status", "fastly_info.state", "HIT-STALE-CLUSTER")
	f("miss", "cache.status", "fastly_info.state", "MISS-WAIT-CLUSTER")
	f("hit", "cache.status", "cacheStatus_s", "HIT")
	f("hit", "cache.hit", "cache_hit", "HIT")
	f("miss", "cache.hit", "cache.hit", "miss")
	f("", "", "http.response.header.X-Cache-"+strings.Repeat("x", 60), "HIT")
}

// FuzzCacheStatus: whatever a header says, the answer is one of the canonical words or none.
func FuzzCacheStatus(f *testing.F) {
	for _, s := range [][2]string{
		{"cache-status", `A; fwd=miss; detail="x, y\", hit", B; hit; ttl=-3`},
		{"cache-status", `"`},
		{"cache-status", `\`},
		{"x-cache", "MISS, TCP_HIT from a1 (b)"},
		{"server-timing", `cdn-cache; desc="HIT`},
		{"age", "1e9"},
		{"cf-cache-status", "ſTALE"},
	} {
		f.Add(s[0], s[1])
	}
	words := map[string]bool{
		"": true, edge.CacheHit: true, edge.CacheMiss: true, edge.CacheStale: true, edge.CacheRevalidated: true,
		edge.CacheExpired: true, edge.CacheBypass: true, edge.CacheDynamic: true,
	}
	f.Fuzz(func(t *testing.T, source, value string) {
		if got := cacheStatus(source, value); !words[got] {
			t.Errorf("%s: %q means %q", source, value, got)
		}
		// What is read from the last member does not depend on the members before it.
		if got, want := cacheStatus("cache-status", "Z; fwd=miss, "+value),
			cacheStatus("cache-status", value); want != "" && got != want {
			t.Errorf("behind another member %q means %q, alone %q", value, got, want)
		}
	})
}
