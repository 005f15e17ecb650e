package platform

import (
	"strings"

	"edgescope/edge"
)

// vercelColo answers the first part of a Vercel request id: the PoP that took the request, as in fra1::iad1::abcde-1.
func vercelColo(s string) string {
	colo, _, ok := strings.Cut(s, "::")
	if !ok {
		return ""
	}
	return colo
}

var vercelStatuses = map[string]string{
	"HIT": edge.CacheHit, "PRERENDER": edge.CacheHit, "MISS": edge.CacheMiss, "STALE": edge.CacheStale,
	"REVALIDATED": edge.CacheRevalidated, "BYPASS": edge.CacheBypass,
}

func vercelStatus(value string) string { return wordOf(vercelStatuses, strings.TrimSpace(value)) }

// startType reads Vercel's function_start_type; a prewarmed function is not cold.
func startType(s string) string {
	switch strings.ToLower(s) {
	case "cold":
		return "true"
	case "hot", "prewarmed":
		return "false"
	default:
		return ""
	}
}
