package platform

import (
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/edge/platform/headerlist"
)

// cacheWords are the words of caches, by their documentation. A word that is not here says nothing of a cache: NONE,
// UNKNOWN, ERROR, REDIRECT, N/A, TCP_DENIED.
var cacheWords = map[string]string{
	// Cloudflare (cf-cache-status, KV, the Cache API), nginx ($upstream_cache_status), Google (cdn_cache_status).
	"HIT": edge.CacheHit, "MISS": edge.CacheMiss, "EXPIRED": edge.CacheExpired, "STALE": edge.CacheStale,
	"UPDATING": edge.CacheStale, "REVALIDATED": edge.CacheRevalidated, "BYPASS": edge.CacheBypass,
	"DYNAMIC":     edge.CacheDynamic,
	"UNCACHEABLE": edge.CacheBypass, "DISABLED": edge.CacheBypass, "SCARCE": edge.CacheMiss,
	// Vercel and Next.js.
	"PRERENDER": edge.CacheHit,
	// CloudFront (x-cache, and x-edge-result-type of its logs).
	"REFRESHHIT": edge.CacheRevalidated, "ORIGINSHIELDHIT": edge.CacheHit,
	"LAMBDAGENERATEDRESPONSE": edge.CacheDynamic, "FUNCTIONGENERATEDRESPONSE": edge.CacheDynamic,
	// Akamai (Server-Timing, Return Cache Status).
	"REVALIDATE": edge.CacheRevalidated, "HITSTALE": edge.CacheStale, "NOTCACHEABLE": edge.CacheBypass,
	"CONSTRUCTED": edge.CacheDynamic,
	// Akamai (pragma akamai-x-cache-on), Azure Front Door and CDN, Squid.
	"TCP_MEM_HIT": edge.CacheHit, "TCP_REMOTE_HIT": edge.CacheHit, "REMOTE_HIT": edge.CacheHit,
	"PARTIAL_HIT":     edge.CacheHit,
	"TCP_REFRESH_HIT": edge.CacheRevalidated, "TCP_EXPIRED_HIT": edge.CacheRevalidated,
	"TCP_REFRESH_UNMODIFIED": edge.CacheRevalidated,
	"TCP_REFRESH_MISS":       edge.CacheExpired, "TCP_EXPIRED_MISS": edge.CacheExpired,
	"TCP_REFRESH_MODIFIED": edge.CacheExpired,
	"TCP_REFRESH_FAIL_HIT": edge.CacheStale, "TCP_REFRESH_FAIL_OLD": edge.CacheStale,
	"TCP_REFRESH_FAIL": edge.CacheStale,
	"TCP_STALE_HIT":    edge.CacheStale, "TCP_OFFLINE_HIT": edge.CacheStale,
	"TCP_CLIENT_REFRESH_MISS": edge.CacheBypass, "TCP_CLIENT_REFRESH": edge.CacheBypass, "TCP_TUNNEL": edge.CacheBypass,
	"PRIVATE_NOSTORE": edge.CacheBypass, "CONFIG_NOCACHE": edge.CacheBypass, "CACHE_NOCONFIG": edge.CacheBypass,
	// Fastly (fastly_info.state), Varnish and Traffic Server (hit-fresh, hit-stale, skipped).
	"HIT-STALE": edge.CacheStale, "HIT-SYNTH": edge.CacheDynamic, "HITPASS": edge.CacheBypass,
	"HIT-FOR-PASS": edge.CacheBypass,
	"HIT-FOR-MISS": edge.CacheMiss, "HITMISS": edge.CacheMiss, "PASS": edge.CacheBypass, "PIPE": edge.CacheBypass,
	"SYNTH": edge.CacheDynamic, "SKIP": edge.CacheBypass, "SKIPPED": edge.CacheBypass,
	// Kong (proxy-cache), Rack::Cache, LiteSpeed and pages of frameworks.
	"REFRESH": edge.CacheExpired, "FRESH": edge.CacheHit, "CACHED": edge.CacheHit, "UNCACHED": edge.CacheMiss,
	"NO-CACHE": edge.CacheBypass, "NOCACHE": edge.CacheBypass, "STALE-WHILE-REVALIDATE": edge.CacheStale,
}

// wordStatus reads a header or attribute that says in words what a cache did: "HIT", "Hit from cloudfront",
// "TCP_MEM_HIT from a1 (AkamaiGHost)", "cp3062 hit/5". Of a list the last member is the cache nearest to the client,
// but where members tell "from child" (Akamai), the child is. In a member the first known word counts.
func wordStatus(value string) string {
	if status, ok := look(cacheWords, value); ok {
		return status
	}
	member := nearestMember(value)
	for start, i := -1, 0; i <= len(member); i++ {
		if i < len(member) && isWordByte(member[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			if status := cacheWord(member[start:i]); status != "" {
				return status
			}
		}
		start = -1
	}
	return ""
}

// firstStatus reads a header whose further members say more of the same cache.
func firstStatus(value string) string {
	first, _, _ := strings.Cut(value, ",")
	return wordStatus(first)
}

// isWordByte tells whether a byte is part of a word of a cache or of the name of a server.
func isWordByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '_' || c == '-' || c == '.'
}

func nearestMember(list string) string {
	const child = "from child"
	for rest := list; strings.Contains(rest, child); {
		member, after, _ := strings.Cut(rest, ",")
		if strings.Contains(member, child) {
			return member
		}
		rest = after
	}
	return headerlist.Last(list)
}

// cacheWord returns the status that one word means: one of the table, else one that begins with it (HIT-CLUSTER,
// hit-front), else a hit or miss of another kind (TCP_IMS_HIT, TCP_NEGATIVE_HIT, TCP_SWAPFAIL_MISS).
func cacheWord(word string) string {
	if status, ok := look(cacheWords, word); ok {
		return status
	}
	if i := strings.LastIndexByte(word, '-'); i > 0 && strings.IndexByte(word, '.') < 0 {
		return cacheWord(word[:i])
	}
	if i := strings.LastIndexByte(word, '_'); i > 0 && hasPrefixFold(word, "TCP_") {
		return cacheWord(word[i+1:])
	}
	return ""
}

// look looks a word up in any case; no key is longer than 32 bytes, so that this needs no memory.
func look(words map[string]string, word string) (status string, ok bool) {
	var upper [32]byte
	if len(word) > len(upper) {
		return "", false
	}
	for i := range len(word) {
		c := word[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	status, ok = words[string(upper[:len(word)])]
	return status, ok
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// hitsStatus reads how often caches had the object, the one nearest to the client last: "0, 3" is a hit.
func hitsStatus(value string) string {
	n, err := strconv.ParseUint(headerlist.Last(value), 10, 64)
	switch {
	case err != nil:
		return ""
	case n > 0:
		return edge.CacheHit
	default:
		return edge.CacheMiss
	}
}

func cacheableStatus(value string) string {
	if strings.EqualFold(headerlist.Last(value), "no") {
		return edge.CacheBypass
	}
	return ""
}

// varnishStatus reads X-Varnish: the id of the request and, of a hit, that of the request that filled the cache
// (varnish-cache.org/docs, "The X-Varnish header").
func varnishStatus(value string) string {
	ids := 0
	for id := range strings.FieldsSeq(headerlist.Last(value)) {
		if strings.Trim(id, "0123456789") != "" {
			return ""
		}
		ids++
	}
	switch ids {
	case 1:
		return edge.CacheMiss
	case 2:
		return edge.CacheHit
	default:
		return ""
	}
}
