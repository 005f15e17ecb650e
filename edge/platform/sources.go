package platform

import (
	"slices"
	"strings"

	"edgescope/edge"
)

// The headers that more than one rule reads.
const (
	headerRay       = "cf-ray"
	headerVercelID  = "x-vercel-id"
	headerServedBy  = "x-served-by"
	headerCountry   = "cf-ipcountry"
	headerTiming    = "server-timing"
	headerAmzCfID   = "x-amz-cf-id"
	headerAmzCfPoP  = "x-amz-cf-pop"
	headerEnvoyTime = "x-envoy-upstream-service-time"
)

// The sources of each text, in order.
var (
	serviceRule = rule{sources: []source{
		{name: edge.KeyServiceName, read: knownService},
		attr(edge.KeyFaasName),
		attr("cloudflare.script_name"),
		attr("vercel.host"),
		{name: "server.address", when: notClient},
	}}
	versionRule     = rule{sources: attrs(edge.KeyServiceVersion, "cloudflare.script_version.id", "vercel.deployment_id")}
	namespaceRule   = rule{sources: attrs(edge.KeyServiceNamespace)}
	environmentRule = rule{sources: attrs(edge.KeyEnvironment, "deployment.environment", "env", "vercel.env")}
	providerRule    = rule{sources: attrs(edge.KeyCloudProvider)}

	// platformRule ends, for an event that no source names, with any vercel.* attribute, then platformHeaders, then the
	// door that the event came through.
	platformRule = rule{sources: []source{
		attr("edge.platform"),
		{name: edge.KeyCloudPlatform, read: platformName},
		{name: edge.KeyCloudProvider, read: edgeProvider},
		{name: edge.KeyCloudProvider, read: lambdaProvider, when: hasFaas},
		{name: "faas.invoked_provider", read: edgeProvider},
		{name: "faas.invoked_provider", read: lambdaProvider},
		{name: "telemetry.sdk.name", read: sdkPlatform},
	}}
	platformHeaders = rule{sources: []source{
		header(headerRay, means(CloudflareWorkers)),
		header(headerVercelID, means(Vercel)),
		header("x-nf-request-id", means(Netlify)),
		header(headerAmzCfID, means(CloudFront)),
		header(headerServedBy, servedByFastly),
		header("fly-request-id", means(Fly)),
		header("x-azure-ref", means(AzureFrontDoor)),
	}}

	coloRule = rule{sources: []source{
		attr(edge.KeyColo), attr("cloudflare.colo"), attr("net.colo"),
		attr("colo"), attr("cf.colo"), attr("cloudflare.cf.colo"),
		header(headerRay, rayColo),
		{name: edge.KeyInvocationID, read: rayColo},
		attr("vercel.edge_region"),
		header(headerVercelID, vercelColo),
		{name: "vercel.request_id", read: vercelColo},
		header(headerAmzCfPoP, cloudFrontColo),
		header(headerServedBy, fastlyColo),
		attr("FASTLY_POP"),
	}}

	// chosenRegion comes before the PoP of a platform that runs there, regionRule after it.
	chosenRegion = rule{sources: attrs("edge.region")}
	regionRule   = rule{sources: []source{
		{name: edge.KeyRegion, read: realRegion},
		attr("vercel.region"),
		attr("deno.region"), attr("DENO_REGION"),
		attr("fly.region"), attr("FLY_REGION"),
		attr("faas.invoked_region"),
		{name: "aws.lambda.invoked_arn", read: arnRegion},
		{name: "cloud.resource_id", read: arnRegion},
		{name: "cloud.availability_zone", read: zoneRegion},
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
		{name: "cf.country", read: countryCode},
	}}

	faasNameRule = rule{sources: []source{
		attr(edge.KeyFaasName),
		attr("cloudflare.script_name"), // with "#" + cloudflare.entrypoint
		{name: "aws.lambda.invoked_arn", read: arnFunction},
		{name: "cloud.resource_id", read: arnFunction},
	}}
	entrypointRule  = rule{sources: attrs("cloudflare.entrypoint")}
	faasVersionRule = rule{sources: attrs(edge.KeyFaasVersion, "cloudflare.script_version.id", "vercel.deployment_id")}
	instanceRule    = rule{sources: attrs(edge.KeyFaasInstance, "service.instance.id", "cloudflare.durable_object.id")}
	invocationRule  = rule{sources: []source{
		attr(edge.KeyInvocationID),
		attr("faas.execution"),
		attr("cloudflare.ray_id"),
		header(headerRay, nil),
		attr("vercel.request_id"),
		header(headerVercelID, nil),
		header("x-amzn-requestid", nil),
	}}
	triggerRule = rule{sources: attrs(edge.KeyFaasTrigger)}
	handlerRule = rule{sources: attrs("cloudflare.handler_type")}

	// routeRule ends with the path in the span's name and, for invocations, with a template made from pathRule.
	routeRule     = rule{sources: attrs(edge.KeyRoute, "vercel.matched_path", "next.route", "url.template")}
	pathRule      = rule{sources: []source{attr("url.path"), {name: "http.target", read: withoutQuery}, {name: "url.full", read: urlPath}, {name: "http.url", read: urlPath}}}
	operationRule = rule{sources: attrs(edge.KeyOperation)}
	methodRule    = rule{sources: []source{{name: edge.KeyMethod, read: strings.ToUpper}, {name: "http.method", read: strings.ToUpper}}}
	urlRule       = rule{sources: attrs("url.full", "http.url", "url.path", "http.target")}
	hostRule      = rule{sources: attrs("server.address", "net.peer.name", "url.full", "http.url")}
	schemeRule    = rule{sources: attrs("url.scheme")}

	errorTypeRule = rule{sources: attrs(edge.KeyErrorType)}
	exceptionRule = rule{sources: attrs(edge.KeyExceptionType, edge.KeyExceptionMessage)}
	escapedRule   = rule{sources: []source{{name: edge.KeyExceptionEscaped, read: boolean}}}
	outcomeRule   = rule{sources: []source{
		{name: edge.KeyOutcome, read: outcome},
		{name: "cloudflare.outcome", read: outcome},
	}}
	lambdaStatusRule = rule{sources: attrs("aws.lambda.status", "status")}
)

// known is every key that a rule reads.
var known = newVocabulary(
	&serviceRule, &versionRule, &namespaceRule, &environmentRule, &providerRule, &platformRule, &platformHeaders, &coloRule,
	&chosenRegion, &regionRule, &countryRule, &faasNameRule, &entrypointRule, &faasVersionRule, &instanceRule, &invocationRule,
	&triggerRule, &handlerRule, &routeRule, &pathRule, &operationRule, &methodRule, &urlRule, &hostRule, &schemeRule,
	&errorTypeRule, &exceptionRule, &escapedRule, &outcomeRule, &lambdaStatusRule, &coldRule, &coldReportRule, &statusRule, &countRule, &intervalRule,
	&initRule, &cpuRule, &wallRule, &ttfbRule, &originRule, &upstreamRule, &timingRule, &cacheRule, &cacheLookupRule, &ageRule,
)

// placeHeaders tell where the sender of a header is. On a client span that is the other end.
var placeHeaders = known.slotsOf(headerRay, headerVercelID, "x-nf-request-id", headerAmzCfID, headerServedBy, "fly-request-id",
	"x-azure-ref", headerAmzCfPoP, headerCountry, "x-vercel-ip-country", "cloudfront-viewer-country", "x-amzn-requestid")

func notClient(v *view) bool {
	return v.event.SpanKind != edge.SpanClient && v.event.SpanKind != edge.SpanProducer
}

func hasFaas(v *view) bool { return v.faas }

// means reads any value as that one.
func means(value string) func(string) string {
	return func(string) string { return value }
}

// knownService leaves out what OpenTelemetry SDKs write when nobody named the service (resource conventions, service.name).
func knownService(s string) string {
	if strings.HasPrefix(s, "unknown_service") {
		return ""
	}
	return s
}

func platformName(s string) string {
	s = strings.ToLower(s)
	if s == "azure_functions" {
		return AzureFunctions
	}
	return s
}

// edgeProvider answers the platform of a provider that has only one.
func edgeProvider(s string) string {
	switch s = strings.ToLower(s); s {
	case "cloudflare":
		return CloudflareWorkers
	case Vercel, Deno, Netlify, Fastly:
		return s
	default:
		return ""
	}
}

func sdkPlatform(s string) string {
	switch s {
	case "cloudflare", "@microlabs/otel-cf-workers":
		return CloudflareWorkers
	case "deno-opentelemetry":
		return Deno
	default:
		return ""
	}
}

// realRegion leaves out the words that say "everywhere".
func realRegion(s string) string {
	if strings.EqualFold(s, "earth") || strings.EqualFold(s, "global") || strings.EqualFold(s, "unknown") {
		return ""
	}
	return s
}

// countryCode reads an ISO 3166-1 code of two letters in any case. XX is Cloudflare's and T1 its Tor: no country.
func countryCode(s string) string {
	if len(s) != 2 || !isLetter(s[0]) || !isLetter(s[1]) {
		return ""
	}
	if s = strings.ToUpper(s); s == "XX" {
		return ""
	}
	return s
}

func urlPath(s string) string {
	_, rest, ok := strings.Cut(s, "://")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && rest[i] == '/' {
		return withoutQuery(rest[i:])
	}
	return "/"
}

func withoutQuery(path string) string {
	for i := range len(path) {
		if path[i] == '?' || path[i] == '#' {
			return path[:i]
		}
	}
	return path
}

// methods are those that begin the name of a span "VERB /path" (RFC 9110, RFC 5789).
var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"}

// namedRoute answers the path of a span name "VERB /path".
func namedRoute(name string) string {
	verb, path, ok := strings.Cut(name, " ")
	if !ok || path == "" || path[0] != '/' || !slices.Contains(methods, verb) {
		return ""
	}
	return path
}
