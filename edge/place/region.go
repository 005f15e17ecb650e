package place

import (
	_ "embed"
	"strings"
	"sync"
)

// nameTable has the display names of regions with their codes: those of AWS from
// docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html with the older ones of its price lists,
// those of Azure from learn.microsoft.com/azure/reliability/regions-list.
//
//go:embed names.tsv
var nameTable string

var names = sync.OnceValue(func() map[string]string {
	table := make(map[string]string)
	for line := range strings.Lines(nameTable) {
		if name, code, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			var buf [longestName]byte
			table[string(fold(&buf, name))] = code
		}
	}
	return table
})

// longestName bounds the display names that are looked up.
const longestName = 64

// fold writes a name in small letters, digits and opening parentheses, without anything else: "West Europe" is
// westeurope, which tells Azure's "Canada Central" from "Canada (Central)" of AWS.
func fold(buf *[longestName]byte, name string) []byte {
	n := 0
	for i := 0; i < len(name) && n < len(buf); i++ {
		c := name[i]
		if isCapital(c) {
			c |= 0x20
		}
		if isSmall(c) || isDigit(c) || c == '(' {
			buf[n] = c
			n++
		}
	}
	return buf[:n]
}

// Region returns the code of the region that a text means, and the text itself where it means no other:
//
//   - zones of AWS and Google Cloud mean the region that they are in: us-east-1a, the local zone us-west-2-lax-1a, the
//     wavelength zone us-east-1-wl1-bos-wlz-1, the zone id use1-az1, europe-west1-b;
//   - display names mean their region: "West Europe" is westeurope, "(Europe) West Europe" and "Europe (Frankfurt)"
//     likewise;
//   - a code in other letters (EU-WEST-1, eu_west_1), behind its cloud (gcp-europe-west3), in a resource's path
//     (projects/1/zones/us-central1-a) or beside its name ("fra1 (Frankfurt)") is that code.
func Region(s string) string {
	if len(s) <= shortCode || isPlain(s) {
		return plainRegion(s)
	}
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '/'); i >= 0 && (strings.Contains(s, "/regions/") ||
		strings.Contains(s, "/zones/") || strings.Contains(s, "/locations/")) {
		return Region(s[i+1:])
	}
	if code := named(s); code != "" {
		return code
	}
	if lower := strings.ReplaceAll(strings.ToLower(s), "_", "-"); isPlain(lower) {
		if code := plainRegion(lower); code != lower || IsKnown(code) {
			return code
		}
	}
	return s
}

// shortCode is the length up to which a code has no zone: fra, FRA, iad1.
const shortCode = 4

// isPlain tells whether a text has small letters, digits and dashes only.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isSmall(c) && !isDigit(c) && c != '-' {
			return false
		}
	}
	return true
}

// plainRegion returns the region of a plain code.
func plainRegion(s string) string {
	if code := shaped(s); code != "" {
		return code
	}
	if cloud, rest, ok := strings.Cut(s, "-"); ok && (cloud == "gcp" || cloud == "aws" || cloud == "azure") {
		if code := shaped(rest); code != "" {
			return code
		}
		if IsKnown(rest) {
			return rest
		}
	}
	return s
}

// shaped returns the region of AWS or Google Cloud that a code is or lies in, "" if it has the shape of neither.
func shaped(s string) string {
	if code := awsRegion(s); code != "" {
		return code
	}
	if code := googleRegion(s); code != "" {
		return code
	}
	return awsZoneID(s)
}

// named returns the region of a display name, of which a part may be in parentheses, or of a code with a name beside
// it.
func named(s string) string {
	var buf [longestName]byte
	if code := names()[string(fold(&buf, s))]; code != "" {
		return code
	}
	before, rest, ok := strings.Cut(s, "(")
	inside, after, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return ""
	}
	for _, part := range [...]string{inside, before, after} {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if code := names()[string(fold(&buf, part))]; code != "" {
			return code
		}
		if IsKnown(part) {
			return part
		}
	}
	return ""
}

// IsKnown tells whether a text is the code of a region or PoP: one in the tables, or one that AWS or Google Cloud would
// give.
func IsKnown(s string) bool {
	if _, ok := Lookup(s); ok {
		return true
	}
	if shaped(s) == s && s != "" {
		return true
	}
	var buf [longestName]byte
	return names()[string(fold(&buf, s))] == s && s != ""
}

// Zone returns the region that an availability zone is in, "" if it does not say: us-east-1a, europe-west4-b,
// cn-hangzhou-h, fr-par-1, westeurope-1, Uocm:EU-FRANKFURT-1-AD-1. A region stands for itself.
func Zone(s string) string {
	_, s, _ = cutLast(s, ':') // Oracle Cloud puts the tenancy before it
	if region := Region(s); region != s || shaped(s) != "" {
		return region
	}
	s = strings.ToLower(s)
	if region, _, ok := strings.Cut(s, "-ad-"); ok {
		return region
	}
	n := len(s)
	if n <= shortCode {
		return ""
	}
	letter, before := s[n-1], s[n-2]
	switch {
	case before == '-' && (isSmall(letter) || isDigit(letter)):
		return s[:n-2]
	case isDigit(before) && isSmall(letter):
		return s[:n-1]
	default:
		return ""
	}
}

func cutLast(s string, mark byte) (before, after string, found bool) {
	i := strings.LastIndexByte(s, mark)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

func isDigit(c byte) bool   { return '0' <= c && c <= '9' }
func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }
func isSmall(c byte) bool   { return 'a' <= c && c <= 'z' }
