// Package platform knows how each edge platform spells where code ran, whether it started cold and what its cache did:
// View reads it from the attributes of an event, Response from the headers that a load generator sees, Resource from
// what a resource says, all in the canonical spelling of package edge. What platforms allow and cost is in edge/limit and
// edge/price.
//
// Each canonical value has a list of sources (files sources.go, places.go, coldstart.go, cache.go, numbers.go and
// outcome.go; aws.go reads what only AWS writes); the first that is present and not empty wins, and for
// one source an event's own attribute comes before the attribute of its resource.
package platform

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

// forPoP tells whether a platform runs its functions in the point of presence that took the request: its region is then
// the PoP.
func forPoP(platform string) bool {
	switch platform {
	case CloudflareWorkers, Fastly, CloudFront:
		return true
	default:
		return false
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }

func isLetter(c byte) bool { return isCapital(c &^ 0x20) }

func isCapitals(s string) bool {
	for i := range len(s) {
		if !isCapital(s[i]) {
			return false
		}
	}
	return s != ""
}
