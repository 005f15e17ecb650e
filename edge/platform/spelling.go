package platform

import "strings"

// This file reads the codes that platforms pack into longer texts.

// rayColo answers the PoP at the end of a Cloudflare ray id: 16 hex digits, a dash, three capitals.
func rayColo(s string) string {
	const hexDigits = 16
	if len(s) != hexDigits+4 || s[hexDigits] != '-' || !isCapitals(s[hexDigits+1:]) {
		return ""
	}
	for i := range hexDigits {
		if !isDigit(s[i]) && (s[i] < 'a' || s[i] > 'f') {
			return ""
		}
	}
	return s[hexDigits+1:]
}

// vercelColo answers the first part of a Vercel request id: the PoP that took the request, as in fra1::iad1::abcde-1.
func vercelColo(s string) string {
	colo, _, ok := strings.Cut(s, "::")
	if !ok {
		return ""
	}
	return colo
}

// cloudFrontColo answers the airport code that begins x-amz-cf-pop, as in FRA56-P4.
func cloudFrontColo(s string) string {
	if len(s) < 3 || !isCapitals(s[:3]) {
		return ""
	}
	return s[:3]
}

// fastlyColo answers the PoP of the last server in x-served-by, which is the one nearest to the client:
// cache-iad-kiad7000025-IAD, cache-lhr7349-LHR answers LHR.
func fastlyColo(s string) string {
	if servedByFastly(s) == "" {
		return ""
	}
	last := lastMember(s)
	colo := last[strings.LastIndexByte(last, '-')+1:]
	if len(colo) != 3 || !isCapitals(colo) {
		return ""
	}
	return colo
}

func servedByFastly(s string) string {
	if strings.HasPrefix(lastMember(s), "cache-") {
		return Fastly
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

// coloCode writes the code of an airport in capitals and leaves every other spelling as it is.
func coloCode(s string) string {
	if len(s) != 3 || isCapitals(s) || !isLetter(s[0]) || !isLetter(s[1]) || !isLetter(s[2]) {
		return s
	}
	upper := strings.ToUpper(s)
	if c, ok := Lookup(upper); ok {
		return c.Code
	}
	return s
}

func lastMember(list string) string {
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return word
}

func isDigit(c byte) bool   { return '0' <= c && c <= '9' }
func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLetter(c byte) bool  { return isCapital(c &^ 0x20) }

func isCapitals(s string) bool {
	for i := range len(s) {
		if !isCapital(s[i]) {
			return false
		}
	}
	return s != ""
}
