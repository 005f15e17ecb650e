package platform

import (
	"encoding/base64"
	"strings"

	"edgescope/edge"
	"edgescope/edge/place"
	"edgescope/edge/platform/headerlist"
)

// The rules of places, in order.
var (
	coloRule = rule{sources: []source{
		attr(edge.KeyColo), attr("cloudflare.colo"), attr("net.colo"),
		{name: "colo", also: []string{
			"cf.colo", "cloudflare.cf.colo", "cf_colo", "CF_COLO", "EdgeColoCode", "pop",
			"edge.pop",
		}},
		header(headerRay, rayColo),
		{name: edge.KeyInvocationID, read: rayColo},
		attr("vercel.edge_region"),
		header(headerVercelID, vercelColo),
		{name: "vercel.request_id", read: vercelColo, also: []string{"vercel.requestId"}},
		header(headerAmzCfPoP, cloudFrontColo),
		header(headerServedBy, fastlyColo),
		{name: "FASTLY_POP", also: []string{"fastly.pop", "fastly.datacenter", "fastly.server.datacenter"}},
		// fly.io/docs/networking/request-headers: where the connection was accepted, which FLY_REGION is not.
		header(headerFlyRegion, nil),
		header(headerFlyID, flyColo),
		header(headerAzureRef, azureColo),
		header("x-edge-location", edgeLocation), // KeyCDN; CloudFront's logs have it too
		header("server", bunnyColo),
	}}

	// chosenRegion comes before the PoP of a platform that runs there, regionRule after it.
	chosenRegion = rule{sources: attrs("edge.region")}
	regionRule   = rule{sources: []source{
		{name: edge.KeyRegion, read: region},
		{name: "vercel.region", read: region, also: []string{"VERCEL_REGION"}},
		{name: "deno.region", read: region, also: []string{"DENO_REGION"}},
		{name: "fly.region", also: []string{"FLY_REGION", "fly_region"}},
		{name: "faas.invoked_region", read: region},
		{name: "aws.lambda.invoked_arn", read: arnRegion},
		{name: "cloud.resource_id", read: resourceRegion, also: []string{"faas.id"}},
		{name: "AWS_REGION", read: region, also: []string{"AWS_DEFAULT_REGION"}},
		{name: "aws.region", read: region},
		// learn.microsoft.com/azure/app-service/reference-app-settings: a display name
		{name: "REGION_NAME", read: region, also: []string{"azure.region", "azure.location"}},
		{name: "gcp.region", read: region, also: []string{"gcp.location", "FUNCTION_REGION", "GOOGLE_CLOUD_REGION"}},
		{name: "BUNNYNET_MC_REGION", also: []string{"bunny.region"}}, // docs.bunny.net, "Magic Containers"
		{name: "netlify.region", read: region, also: []string{"fastly.region"}},
		{name: "cloud.availability_zone", read: place.Zone, also: []string{
			"cloud.zone", "aws.availability_zone", "availability_zone", "gcp.zone", "azure.zone",
			"topology.kubernetes.io/zone",
			"k8s.node.label.topology.kubernetes.io/zone",
		}},
		header(headerVercelID, vercelRegion),
		{name: "vercel.request_id", read: vercelRegion},
		header(headerFlyRegion, nil),
		{name: "region", read: knownRegion, also: []string{
			"faas.region", "function.region", "edge_region", "server.region", "aws_region",
			"topology.kubernetes.io/region", "k8s.node.label.topology.kubernetes.io/region", "RAILWAY_REPLICA_REGION",
		}},
	}}

	countryRule = rule{sources: []source{
		{name: edge.KeyCountry, read: countryCode},
		{name: "geo.country.code", read: countryCode},
		{name: "net.country", read: countryCode},
		{name: "client.geo.country.iso_code", read: countryCode},
		{name: "client.geo.country_iso_code", read: countryCode},
		header(headerCountry, countryCode),
		header("x-vercel-ip-country", countryCode),
		header("cloudfront-viewer-country", countryCode),
		header("cdn-requestcountrycode", countryCode), // docs.bunny.net
		// cloud.google.com/appengine/docs, "Request headers"; ZZ is unknown
		header("x-appengine-country", countryCode),
		{name: "cf.country", read: countryCode},
	}}
)

// region returns the code of a region, "" for the words that say "everywhere" or nothing.
func region(s string) string {
	switch strings.ToLower(s) {
	case "earth", "global", "unknown", "undefined", "null", "none", "n/a":
		return ""
	default:
		return place.Region(s)
	}
}

// knownRegion takes a region from an attribute that may mean something else by that word, such as where something is
// sold.
func knownRegion(s string) string {
	if code := place.Region(s); place.IsKnown(code) {
		return code
	}
	return ""
}

// resourceRegion returns the region of a resource: item 4 of an Amazon resource name, or the location in a name of
// Google Cloud, //run.googleapis.com/projects/p/locations/europe-west1/services/s.
func resourceRegion(s string) string {
	if code := arnRegion(s); code != "" {
		return code
	}
	_, rest, _ := strings.Cut(s, "/locations/")
	location, _, _ := strings.Cut(rest, "/")
	return place.Zone(location)
}

// flyColo returns the region at the end of fly-request-id, in which the connection was accepted: 01JA...-ams.
func flyColo(s string) string {
	colo := s[strings.LastIndexByte(s, '-')+1:]
	if len(colo) != 3 || len(colo) == len(s) || place.Code(colo) == colo {
		return ""
	}
	return colo
}

// azureColo returns the airport that the older form of x-azure-ref tells behind its leading 0, in base64:
// ...FRAEDGE0712... (seen, not documented). The newer form begins with a date and tells none.
func azureColo(s string) string {
	var raw [96]byte
	encoded, ok := strings.CutPrefix(s, "0")
	if encoded = strings.TrimRight(encoded, "="); !ok || base64.RawStdEncoding.DecodedLen(len(encoded)) > len(raw) {
		return ""
	}
	n, err := base64.RawStdEncoding.Decode(raw[:], []byte(encoded))
	if err != nil {
		return ""
	}
	server, _, ok := strings.Cut(string(raw[:n]), "EDGE")
	server = strings.TrimRight(server, "0123456789")
	if !ok || len(server) < 3 {
		return ""
	}
	code := server[len(server)-3:]
	if _, ok := place.Lookup(code); !ok {
		return ""
	}
	return code
}

// edgeLocation reads x-edge-location: defr of KeyCDN as it is, FRA56-P4 of CloudFront as its airport.
func edgeLocation(s string) string {
	if colo := cloudFrontColo(s); colo != "" {
		return colo
	}
	return s
}

// bunnyColo returns the place in the name of Bunny's servers: DE1 of BunnyCDN-DE1-1081.
func bunnyColo(s string) string {
	rest, ok := strings.CutPrefix(s, "BunnyCDN-")
	if !ok {
		return ""
	}
	colo, _, _ := strings.Cut(rest, "-")
	return colo
}

// rayColo returns the PoP at the end of a Cloudflare ray id: 16 hex digits, a dash, three capitals.
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
