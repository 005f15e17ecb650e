// Package platform knows how each edge platform spells where code ran, whether it started cold and what its cache did, and
// turns that into the canonical keys of package edge: Normalizer for events that a collector receives, Response for the
// headers that a load generator sees. It also holds what the platforms tell about themselves: their limits and
// their prices.
//
// Each canonical value has a list of sources (files sources.go, places.go, version.go, coldstart.go, cache.go and
// numbers.go; what only one platform writes is read in the file of that platform); the first that is present and not
// empty wins, and for one source an event's own attribute comes before the attribute of its resource.
package platform

import "edgescope/edge"

// The platforms that rules name (cloud.platform). Other values pass through in lower case.
const (
	CloudflareWorkers = "cloudflare.workers"
	Vercel            = "vercel"
	Deno              = "deno"
	Netlify           = "netlify"
	Fastly            = "fastly"
	Fly               = "fly"
	CloudFront        = "cloudfront"
	AWSLambda         = "aws_lambda"
	AzureFunctions    = "azure.functions"
	AzureFrontDoor    = "azure.front_door"
)

// ForPoP tells whether a platform runs its functions in the point of presence that took the request: its region is then
// the PoP.
func ForPoP(platform string) bool {
	switch platform {
	case CloudflareWorkers, Fastly, CloudFront:
		return true
	default:
		return false
	}
}

// Confidence says how sure it is what a source means.
type Confidence byte

// The levels of confidence: the meaning was measured with the real sender, read in its documentation or source, or neither.
const (
	Unverified Confidence = 'C'
	Read       Confidence = 'B'
	Measured   Confidence = 'A'
)

// String answers "measured", "read" or "unverified".
func (c Confidence) String() string {
	switch c {
	case Measured:
		return "measured"
	case Read:
		return "read"
	default:
		return "unverified"
	}
}

// ColdStartConfidence answers how sure faas.coldstart is, given its edge.coldstart.source. An instance seen for the first
// time is read, since every platform documents it; a gap or a model is a guess.
func ColdStartConfidence(source string) Confidence {
	switch source {
	case coldByAttribute, coldByPlatform:
		return Measured
	case "instance":
		return Read
	default:
		return Unverified
	}
}

// CacheConfidence returns how sure edge.cache.status is, given its edge.cache.source: an attribute key, the name of a
// header, or a column of a data point.
func CacheConfidence(source string) Confidence {
	switch source {
	case "cache.hit", edge.KeyCacheStatus:
		return Measured
	case "age", "x-nf-cache", headerTiming:
		return Unverified
	}
	if _, ok := cacheRule.source(source); ok {
		return Read
	}
	return Unverified
}

// StatusConfidence answers how sure http.response.status_code is: a sent status is measured, an inferred one was not
// verified.
func StatusConfidence(inferred bool) Confidence {
	if inferred {
		return Unverified
	}
	return Measured
}
