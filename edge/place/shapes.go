package place

import (
	"slices"
	"strings"
)

// directions are the words in the codes of AWS and Google Cloud, with those of AWS's zone ids.
var directions = []struct{ word, short string }{
	{"northeast", "ne"},
	{"northwest", "nw"},
	{"southeast", "se"},
	{"southwest", "sw"},
	{"north", "n"},
	{"south", "s"},
	{"east", "e"},
	{"west", "w"},
	{"central", "c"},
}

// cutDirection cuts the direction off that begins s.
func cutDirection(s string) (rest string, ok bool) {
	for _, d := range directions {
		if rest, ok := strings.CutPrefix(s, d.word); ok {
			return rest, true
		}
	}
	return s, false
}

// awsRegion returns the region that begins s, where nothing or a zone follows: area, perhaps partition, direction and
// digit (docs.aws.amazon.com/global-infrastructure, "AWS Regions", "AWS Availability Zones", "Local Zones" and
// "Wavelength").
func awsRegion(s string) string {
	const area = 2
	if len(s) < len("us-east-1") || !isSmall(s[0]) || !isSmall(s[1]) {
		return ""
	}
	rest := s[area:]
	if sovereign, ok := strings.CutPrefix(s, "eusc-de"); ok {
		rest = sovereign
	}
	rest, ok := strings.CutPrefix(withoutPartition(rest), "-")
	if !ok {
		return ""
	}
	if rest, ok = cutDirection(rest); !ok || len(rest) < 2 || rest[0] != '-' || !isDigit(rest[1]) {
		return ""
	}
	zone := rest[2:]
	if zone != "" && zone[0] != '-' && (len(zone) != 1 || !isSmall(zone[0])) {
		return ""
	}
	return s[:len(s)-len(zone)]
}

// withoutPartition cuts off the mark of a partition that begins s, as in us-gov-west-1.
func withoutPartition(s string) string {
	for _, partition := range [...]string{"-gov", "-isof", "-isoe", "-isob", "-iso"} {
		if rest, ok := strings.CutPrefix(s, partition); ok && strings.HasPrefix(rest, "-") {
			return rest
		}
	}
	return s
}

// googleAreas begin the regions of Google Cloud (cloud.google.com/compute/docs/regions-zones).
var googleAreas = []string{"europe", "us", "asia", "northamerica", "southamerica", "australia", "africa", "me"}

// googleRegion returns the region that begins s, where nothing or a zone follows: europe-west1, us-central1-a,
// us-central1-ai1a.
func googleRegion(s string) string {
	area, rest, ok := strings.Cut(s, "-")
	if !ok || !slices.Contains(googleAreas, area) {
		return ""
	}
	if rest, ok = cutDirection(rest); !ok || rest == "" || !isDigit(rest[0]) {
		return ""
	}
	zone := strings.TrimLeft(rest, "0123456789")
	if len(rest)-len(zone) > 2 || zone != "" && (zone[0] != '-' || len(zone) > len("-ai1a") || len(zone) < len("-a")) {
		return ""
	}
	return s[:len(s)-len(zone)]
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// awsZoneID returns the region of a zone id, which abbreviates it: use1-az1, usw2-lax1-az1, apne1-wl1-nrt-wlz1,
// usgw1-az1 (docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html).
func awsZoneID(s string) string {
	code, zone, ok := strings.Cut(s, "-az")
	if !ok {
		if code, zone, ok = strings.Cut(s, "-wlz"); !ok {
			return ""
		}
	}
	if !isDigits(zone) {
		return ""
	}
	code, _, _ = strings.Cut(code, "-")
	const area, shortest, longest = 2, 4, 6
	if len(code) < shortest || len(code) > longest || !isDigit(code[len(code)-1]) {
		return ""
	}
	region, direction, digit := code[:area], code[area:len(code)-1], code[len(code)-1:]
	if gov, ok := strings.CutPrefix(direction, "g"); ok {
		region, direction = region+"-gov", gov
	}
	for _, d := range directions {
		if d.short == direction {
			return region + "-" + d.word + "-" + digit
		}
	}
	return ""
}
