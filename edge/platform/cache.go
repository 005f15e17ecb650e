package platform

import (
	"iter"
	"strings"

	"edgescope/edge"
)

// cacheRule is where a cache status is looked for. A header that tells none gives way to the next source.
var (
	cacheRule = rule{list: true, sources: []source{
		{name: edge.KeyCacheStatus, read: plainStatus},
		{name: "cache.response.cache_status", read: plainStatus},
		header("cache-status", rfc9211Status),
		header("cf-cache-status", plainStatus),
		header("x-vercel-cache", vercelStatus),
		header("x-nextjs-cache", vercelStatus),
		header("cdn-cache", plainStatus),
		header("x-nf-cache", plainStatus),
		header("x-cache-status", plainStatus),
		header("x-proxy-cache", plainStatus),
		header("x-cache", xCacheStatus),
		header("x-cache-remote", xCacheStatus),
		header(headerTiming, timingStatus),
		{name: "cache.hit", read: hitStatus},
		{name: keyKVStatus, read: plainStatus},
		{name: keyOldKVStatus, read: plainStatus},
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

// CacheStatus answers the canonical cache status (edge.CacheHit and so on) that a value means, in any case, "" if none.
// source is the name of a response header in lower case or an attribute key; a source that no rule knows is read as plain
// words (HIT, MISS ...).
func CacheStatus(source, value string) string {
	if source == "age" {
		return ageStatus(value)
	}
	if src, ok := cacheRule.source(source); ok {
		return src.read(value)
	}
	return plainStatus(value)
}

// plainStatuses are the words of cf-cache-status, nginx, Cloudflare KV and the Cache API.
var plainStatuses = map[string]string{
	"HIT": edge.CacheHit, "MISS": edge.CacheMiss, "EXPIRED": edge.CacheExpired, "STALE": edge.CacheStale,
	"UPDATING": edge.CacheStale, "REVALIDATED": edge.CacheRevalidated, "BYPASS": edge.CacheBypass, "DYNAMIC": edge.CacheDynamic,
}

// akamaiWords are the first words of x-cache from Akamai and Azure.
var akamaiWords = map[string]string{
	"TCP_HIT": edge.CacheHit, "TCP_MEM_HIT": edge.CacheHit, "TCP_REMOTE_HIT": edge.CacheHit,
	"TCP_MISS": edge.CacheMiss, "TCP_REFRESH_HIT": edge.CacheRevalidated,
	"TCP_REFRESH_MISS": edge.CacheExpired, "TCP_EXPIRED_MISS": edge.CacheExpired,
	"TCP_REFRESH_FAIL_HIT": edge.CacheStale, "PRIVATE_NOSTORE": edge.CacheBypass,
	"TCP_CLIENT_REFRESH_MISS": edge.CacheBypass, "CONFIG_NOCACHE": edge.CacheBypass,
}

func plainStatus(value string) string { return wordOf(plainStatuses, strings.TrimSpace(value)) }

// wordOf looks a word up in any case; no key is longer than 32 bytes, so that this needs no memory.
func wordOf(words map[string]string, word string) string {
	var upper [32]byte
	if len(word) > len(upper) {
		return ""
	}
	for i := range len(word) {
		c := word[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	return words[string(upper[:len(word)])]
}

// xCacheStatus reads x-cache of CloudFront, Akamai, Azure and Fastly. Of a list the last member is the edge.
func xCacheStatus(value string) string {
	member := lastMember(value)
	word := firstWord(member)
	if status := wordOf(akamaiWords, word); status != "" {
		return status
	}
	if strings.HasSuffix(strings.ToLower(member), "from cloudfront") {
		return wordOf(cloudFrontWords, word)
	}
	switch {
	case hasPrefixFold(word, "HIT"):
		return edge.CacheHit
	case hasPrefixFold(word, "MISS"):
		return edge.CacheMiss
	default:
		return ""
	}
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// timingStatus reads Akamai's Server-Timing: cdn-cache; desc=HIT.
func timingStatus(value string) string {
	for member := range splitQuoted(value, ',') {
		metric, params, _ := strings.Cut(member, ";")
		if strings.EqualFold(strings.TrimSpace(metric), "cdn-cache") {
			desc, _ := parameter(params, "desc")
			return plainStatus(desc)
		}
	}
	return ""
}

func hitStatus(value string) string {
	switch boolean(value) {
	case "true":
		return edge.CacheHit
	case "false":
		return edge.CacheMiss
	default:
		return ""
	}
}

func ageStatus(value string) string {
	if trueIfPositive(value) == "" {
		return ""
	}
	return edge.CacheHit
}

// cache answers the cache status of an event and the source that told it: a header's name or an attribute's key.
func (v *view) cache() (status, from string) {
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

// cacheHeaders are the headers that speak of a cache. Server-Timing is not among them: it mostly speaks of other things.
var cacheHeaders = known.slotsOf("cache-status", "cf-cache-status", "x-vercel-cache", "x-nextjs-cache", "cdn-cache",
	"x-nf-cache", "x-cache-status", "x-proxy-cache", "x-cache", "x-cache-remote")

// rfc9211Status reads a Cache-Status list (RFC 9211). The cache nearest to the client is the last member.
func rfc9211Status(value string) string {
	var last string
	for member := range splitQuoted(value, ',') {
		if strings.TrimSpace(member) != "" {
			last = member
		}
	}
	params := afterName(last)
	if hit, ok := parameter(params, "hit"); ok && hit != "?0" {
		if ttl, _ := parameter(params, "ttl"); strings.HasPrefix(ttl, "-") {
			return edge.CacheStale
		}
		return edge.CacheHit
	}
	fwd, _ := parameter(params, "fwd")
	switch strings.ToLower(fwd) {
	case "uri-miss", "vary-miss", "miss", "request", "partial":
		return edge.CacheMiss
	case "stale":
		if status, _ := parameter(params, "fwd-status"); status == "304" {
			return edge.CacheRevalidated
		}
		return edge.CacheExpired
	case "bypass", "method":
		return edge.CacheBypass
	default:
		return ""
	}
}

// afterName answers the parameters of a list member, whose name is a token or a quoted text.
func afterName(member string) string {
	_, params, _ := cutQuoted(member, ';')
	return params
}

// parameter answers the value of a parameter in "a=1; b; c=text", unquoted; one without a value is "" and found.
func parameter(params, name string) (value string, found bool) {
	for p := range splitQuoted(params, ';') {
		key, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return unquote(strings.TrimSpace(value)), true
		}
	}
	return "", false
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// splitQuoted yields the parts of s between separators that stand outside quoted text.
func splitQuoted(s string, separator byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for more := true; more; {
			var part string
			part, s, more = cutQuoted(s, separator)
			if !yield(part) {
				return
			}
		}
	}
}

// cutQuoted cuts s at the first separator outside quoted text, in which a backslash escapes the next byte (RFC 9110 section
// 5.6.4).
func cutQuoted(s string, separator byte) (before, after string, found bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}
