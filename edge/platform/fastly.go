package platform

import (
	"strings"

	"edgescope/edge/platform/headerlist"
)

// fastlyColo returns the PoP of the last server in x-served-by, which is the one nearest to the client:
// cache-iad-kiad7000025-IAD, cache-lhr7349-LHR is LHR.
func fastlyColo(s string) string {
	if servedByFastly(s) == "" {
		return ""
	}
	last := headerlist.Last(s)
	colo := last[strings.LastIndexByte(last, '-')+1:]
	if len(colo) != 3 || !isCapitals(colo) {
		return ""
	}
	return colo
}

func servedByFastly(s string) string {
	if strings.HasPrefix(headerlist.Last(s), "cache-") {
		return Fastly
	}
	return ""
}
