package platform

import "strings"

// vercelColo returns the first part of a Vercel request id: the PoP that took the request, as in fra1::iad1::abcde-1
// (vercel.com/docs/headers/request-headers, "x-vercel-id").
func vercelColo(s string) string {
	colo, _, ok := strings.Cut(s, "::")
	if !ok {
		return ""
	}
	return colo
}

// vercelRegion returns the last region of a Vercel request id, which is where the code ran: iad1 of
// fra1::iad1::abcde-1.
func vercelRegion(s string) string {
	i := strings.LastIndex(s, "::")
	if i < 0 {
		return ""
	}
	return s[strings.LastIndexByte(s[:i], ':')+1 : i]
}
