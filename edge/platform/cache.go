package platform

import (
	"strings"

	"edgescope/edge"
	"edgescope/edge/platform/headerlist"
)

// The rules of the cache status. A source that tells none gives way to the next.
var (
	cacheRule = rule{list: true, sources: []source{
		{name: edge.KeyCacheStatus, read: wordStatus},
		{name: "cache.response.cache_status", read: wordStatus},
		header("cache-status", rfc9211Status), // also Netlify, docs.netlify.com/platform/caching, "Cache-Status"
		header("cf-cache-status", wordStatus), // developers.cloudflare.com/cache/concepts/cache-responses
		header("x-vercel-cache", wordStatus),  // vercel.com/docs/headers/response-headers, "x-vercel-cache"
		header("x-nextjs-cache", wordStatus),  // nextjs.org/docs, "Incremental Static Regeneration"
		header("x-opennext-cache", wordStatus),
		header("cdn-cache", wordStatus), // docs.bunny.net, "Understanding CDN response headers"
		// docs.cloud.google.com/media-cdn, and as Cloud CDN's cdn_cache_status is often named
		header("cdn-cache-status", wordStatus),
		header("x-nf-cache", wordStatus),          // Netlify, before Cache-Status
		header("akamai-cache-status", wordStatus), // techdocs.akamai.com/property-mgr/docs/return-cache-status
		header("eo-cache-status", wordStatus),     // Tencent EdgeOne
		header("x-77-cache", wordStatus),          // CDN77
		header("x-hcdn-cache-status", wordStatus), // Hostinger
		header("x-kinsta-cache", wordStatus),
		header("x-cache-status", wordStatus), // nginx ($upstream_cache_status), Kong's and APISIX' proxy-cache
		header("apisix-cache-status", wordStatus),
		header("x-proxy-cache", wordStatus),
		header("x-nginx-cache", wordStatus),
		header("x-fastcgi-cache", wordStatus),
		header("x-litespeed-cache", firstStatus), // docs.litespeedtech.com/lscache: hit,private
		header("x-rack-cache", firstStatus),      // Rack::Cache, what it did step by step: miss, store
		header("x-drupal-cache", wordStatus),     // drupal.org, page_cache; the dynamic one below it
		header("x-drupal-dynamic-cache", wordStatus),
		header("x-cdn-cache", wordStatus),
		header("x-edge-cache", wordStatus),
		header("x-cache", wordStatus),        // Fastly, CloudFront, Akamai, Azure, Squid, Varnish and many more
		header("x-cache-remote", wordStatus), // Akamai: the parent of the server that answered
		header("x-cache-lookup", wordStatus), // Tencent Cloud CDN; of Squid whether it had the object at all
		header("x-cache-hits", hitsStatus),   // fastly.com/documentation/reference/http/http-headers/X-Cache-Hits
		header("x-cache-hit", hitStatus),
		header("x-varnish", varnishStatus),
		header("x-check-cacheable", cacheableStatus), // Akamai (pragma akamai-x-check-cacheable): YES says nothing
		header(headerTiming, timingStatus),
		{name: "cache.hit", also: []string{
			"cache_hit", "cacheHit", "edge.cache.hit", "http.cache.hit", "cache.is_hit",
			"httpRequest.cacheHit",
		}, read: hitStatus},
		{name: "cache.status", read: wordStatus, also: []string{
			"cache_status", "cacheStatus", "http.cache_status", "http.response.cache_status", "cdn.cache_status",
			"cf.cacheStatus",
			"cf.cache_status", "cloudflare.cacheStatus", "cloudflare.cache_status", "fastly.cache_status",
			"vercel.cache", "vercel.cache_status",
			"netlify.cache_status", "CacheCacheStatus", "x_edge_result_type", "x-edge-result-type",
			"cloudfront.x_edge_result_type",
			"upstream_cache_status", "nginx.upstream_cache_status", "cdn_cache_status", "cacheStatus_s", "CacheStatus",
			"azure.cache_status",
			"fastly_info.state", "fastly_info_state", "fastly.cache_state", "fastly.cacheState",
		}}, // logs of CloudFront, Cloudflare, Azure and nginx, VCL of Fastly, and what people write by hand
		{name: keyKVStatus, read: wordStatus},
		{name: keyOldKVStatus, read: wordStatus},
	}}
	// cacheLookupRule marks spans that are lookups in a cache and no requests to an origin.
	cacheLookupRule = rule{sources: attrs("cache.operation", "cache.name", "cache.hit", "cache.response.cache_status",
		"cache.response.success")}
	// ageRule is asked only when no cache header is there at all: a shared cache adds Age (RFC 9111 section 5.1).
	ageRule = rule{sources: []source{header("age", nil)}}
)

const (
	keyKVStatus    = "cloudflare.kv.response.cache_status"
	keyOldKVStatus = "db.cf.kv.cache_status"
)

// OfKV tells whether the source of a cache status speaks of a key-value store, which is no cache of answers.
func OfKV(source string) bool { return source == keyKVStatus || source == keyOldKVStatus }

// timings are the metrics of Server-Timing that speak of a cache: those of Akamai (cdn-cache), Cloudflare
// (cfCacheStatus) and others say it in their description, those of CloudFront by their name
// (docs.aws.amazon.com/AmazonCloudFront, "Server-Timing header").
var timings = map[string]string{
	"CDN-CACHE": "", "CFCACHESTATUS": "", "CACHE": "",
	"CDN-CACHE-HIT": edge.CacheHit, "CDN-CACHE-MISS": edge.CacheMiss, "CDN-CACHE-REFRESH": edge.CacheRevalidated,
}

func timingStatus(value string) string {
	for member := range headerlist.Members(value, ',') {
		metric, params, _ := strings.Cut(member, ";")
		status, ok := look(timings, strings.TrimSpace(metric))
		if !ok {
			continue
		}
		if status == "" {
			desc, _ := headerlist.Parameter(params, "desc")
			status = wordStatus(desc)
		}
		if status != "" {
			return status
		}
	}
	return ""
}

// hitStatus reads a flag that says whether a cache had it; some say it in a word of a cache.
func hitStatus(value string) string {
	switch boolean(value) {
	case "true":
		return edge.CacheHit
	case "false":
		return edge.CacheMiss
	default:
		return wordStatus(value)
	}
}

func ageStatus(value string) string {
	if trueIfPositive(value) == "" {
		return ""
	}
	return edge.CacheHit
}

// cache returns the cache status of an event and the source that told it: a header's name or an attribute's key.
func (v *View) cache() (status, from string) {
	if status, src := v.find(&cacheRule); src != nil {
		return status, src.name
	}
	if v.present.meets(&cacheHeaders) || !v.present.meets(&ageRule.any) {
		return "", ""
	}
	if status := ageStatus(v.text(&ageRule)); status != "" {
		return status, "age"
	}
	return "", ""
}

// cacheHeaders are the headers that speak of a cache. Server-Timing is not among them: it mostly speaks of other
// things.
var cacheHeaders = func() (all slots) {
	for i := range cacheRule.sources {
		if src := &cacheRule.sources[i]; src.header && src.name != headerTiming {
			all.add(known.numbers[src.name])
		}
	}
	return all
}()

// nearest is how Netlify names the cache that is nearest to the client. It does not always put that at the end.
const nearest = "Netlify Edge"

// rfc9211Status reads a Cache-Status list (RFC 9211). The cache nearest to the client is the last member.
func rfc9211Status(value string) string {
	var last string
	for member := range headerlist.Members(value, ',') {
		if strings.TrimSpace(member) == "" {
			continue
		}
		last = member
		if name, _, _ := headerlist.Cut(member, ';'); headerlist.Unquote(strings.TrimSpace(name)) == nearest {
			break
		}
	}
	params := headerlist.AfterName(last)
	if hit, ok := headerlist.Parameter(params, "hit"); ok && hit != "?0" {
		if ttl, _ := headerlist.Parameter(params, "ttl"); strings.HasPrefix(ttl, "-") {
			return edge.CacheStale
		}
		return edge.CacheHit
	}
	fwd, _ := headerlist.Parameter(params, "fwd")
	switch strings.ToLower(fwd) {
	case "uri-miss", "vary-miss", "miss", "request", "partial":
		return edge.CacheMiss
	case "stale":
		if status, _ := headerlist.Parameter(params, "fwd-status"); status == "304" {
			return edge.CacheRevalidated
		}
		return edge.CacheExpired
	case "bypass", "method":
		return edge.CacheBypass
	default:
		return ""
	}
}
