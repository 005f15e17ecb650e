package platform

import (
	"strings"

	"edgescope/edge"
)

// The spans that Lambda's telemetry writes beside those of the function.
const (
	platformPrefix  = "platform."
	initRuntimeDone = "platform.initRuntimeDone"
	initReport      = "platform.initReport"
)

func lambdaProvider(s string) string {
	if strings.EqualFold(s, "aws") {
		return AWSLambda
	}
	return ""
}

// arnRegion answers item 4 of an Amazon resource name: arn:partition:service:region:account:...
func arnRegion(s string) string { return arnItem(s, 3) }

// arnFunction answers the name of the function in arn:aws:lambda:region:account:function:name[:alias].
func arnFunction(s string) string {
	if arnItem(s, 2) != "lambda" || arnItem(s, 5) != "function" {
		return ""
	}
	return arnItem(s, 6)
}

func arnItem(s string, n int) string {
	if !strings.HasPrefix(s, "arn:") {
		return ""
	}
	for ; n > 0; n-- {
		_, rest, ok := strings.Cut(s, ":")
		if !ok {
			return ""
		}
		s = rest
	}
	item, _, _ := strings.Cut(s, ":")
	return item
}

// zoneRegion answers the region of an availability zone: us-east-1a and europe-west4-b lose their letter.
func zoneRegion(s string) string {
	n := len(s)
	if n < 3 || s[n-1] < 'a' || s[n-1] > 'z' {
		return ""
	}
	switch before := s[n-2]; {
	case isDigit(before):
		return s[:n-1]
	case before == '-':
		return s[:n-2]
	default:
		return ""
	}
}

// cloudFrontColo answers the airport code that begins x-amz-cf-pop, as in FRA56-P4.
func cloudFrontColo(s string) string {
	if len(s) < 3 || !isCapitals(s[:3]) {
		return ""
	}
	return s[:3]
}

// cloudFrontWords are the first words of "... from cloudfront".
var cloudFrontWords = map[string]string{
	"HIT": edge.CacheHit, "REFRESHHIT": edge.CacheRevalidated, "MISS": edge.CacheMiss,
	"LAMBDAGENERATEDRESPONSE": edge.CacheDynamic, "FUNCTIONGENERATEDRESPONSE": edge.CacheDynamic,
}
