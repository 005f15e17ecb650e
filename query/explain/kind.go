package explain

import (
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/tally"
)

// kind is what makes an invocation bad, and which attributes only say the same in other words: those would always be
// found, and are no cause.
type kind struct {
	// one and many name bad invocations.
	one, many string
	// says are attributes that say it; an attribute that somebody made says it when its name has one of the words.
	says, words []string
	// bad is the LogsQL filter of bad invocations, "" where no filter tells.
	bad string
}

var kinds = map[string]kind{
	query.BadErrors: {
		one: "error", many: "errors", says: []string{edge.KeyOutcome, edge.KeyStatus, edge.KeyErrorType},
		words: []string{"error", "exception", "status", "outcome", "fault"},
		bad:   `!"edge.outcome":in("ok","canceled")`,
	},
	query.BadSlow: {
		one: "slow request", many: "slow requests",
		words: []string{"duration", "latency", "elapsed", "slow", "took", "_ms", ".ms"},
	},
	query.BadCold: {
		one: "cold start", many: "cold starts", says: []string{edge.KeyColdStart},
		words: []string{"cold", "init", "startup"}, bad: `"faas.coldstart":="true"`,
	},
	query.BadMiss: {
		one: "miss", many: "misses", says: []string{edge.KeyCacheStatus}, words: []string{"cache"},
		bad: `"edge.cache.status":in("miss","expired")`,
	},
}

// tautology tells whether an attribute says that an invocation is bad.
func (k *kind) tautology(key string) bool {
	if slices.Contains(known, key) {
		return slices.Contains(k.says, key)
	}
	lower := strings.ToLower(key)
	return slices.ContainsFunc(k.words, func(word string) bool { return strings.Contains(lower, word) })
}

// known are the attributes that every invocation may have, in the order in which they are preferred where two say the
// same.
var known = []string{
	edge.KeyServiceName, edge.KeyServiceVersion, edge.KeyRegion, edge.KeyColo, edge.KeyRoute, edge.KeyCountry,
	edge.KeyColdStart, edge.KeyCacheStatus, edge.KeyMethod, edge.KeyStatus, edge.KeyOutcome, edge.KeyErrorType,
	edge.KeyCloudPlatform, edge.KeyCloudProvider, edge.KeyEnvironment, edge.KeyServiceNamespace, edge.KeyFaasName,
	edge.KeyFaasVersion, edge.KeyFaasTrigger, edge.KeyOperation,
}

// flags tell of each row of a sample whether it is bad, and whether that is known.
func (s *sample) flags(name string, n *norms) (bad, told []bool) {
	if name == query.BadSlow {
		return s.slow(n)
	}
	key := map[string]string{
		query.BadErrors: edge.KeyOutcome, query.BadCold: edge.KeyColdStart, query.BadMiss: edge.KeyCacheStatus,
	}[name]
	c := s.column(key)
	badValue, toldValue := make([]bool, len(c.values)), make([]bool, len(c.values))
	for code, value := range c.values {
		badValue[code], toldValue[code] = isBad(name, value)
	}
	bad, told = make([]bool, s.rows()), make([]bool, s.rows())
	for i, code := range c.codes {
		bad[i], told[i] = badValue[code], toldValue[code]
	}
	return bad, told
}

func isBad(name, value string) (bad, told bool) {
	switch name {
	case query.BadErrors:
		return tally.IsError(value), true
	case query.BadCold:
		return value == "true", value != ""
	default:
		bad = value == edge.CacheMiss || value == edge.CacheExpired
		return bad, bad || value == edge.CacheHit || value == edge.CacheStale || value == edge.CacheRevalidated
	}
}
