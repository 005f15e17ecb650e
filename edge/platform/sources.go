package platform

import (
	"encoding/json"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/edge/route"
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
	headerFlyID     = "fly-request-id"
	headerFlyRegion = "fly-region"
	headerAzureRef  = "x-azure-ref"
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
	namespaceRule   = rule{sources: attrs(edge.KeyServiceNamespace)}
	environmentRule = rule{sources: []source{
		attr(edge.KeyEnvironment),
		// before 1.27; Elastic
		{name: "deployment.environment", also: []string{"deployment_environment", "service.environment"}},
		// Datadog; Sentry
		{name: "env", also: []string{"environment"}},
		{name: "vercel.env", also: []string{"VERCEL_ENV", "vercel.environment", "vercel.target", "vercel.target_env"}},
	}}
	providerRule = rule{sources: attrs(edge.KeyCloudProvider)}

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
	// platformHeaders has platforms whose regions run code before the networks that may stand in front of them.
	platformHeaders = rule{sources: []source{
		header(headerVercelID, means(Vercel)),
		header("x-nf-request-id", means(Netlify)),
		header(headerFlyID, means(Fly)),
		header(headerFlyRegion, means(Fly)),
		header(headerRay, means(CloudflareWorkers)),
		header(headerAmzCfID, means(CloudFront)),
		header(headerServedBy, servedByFastly),
		header(headerAzureRef, means(AzureFrontDoor)),
	}}

	faasNameRule = rule{sources: []source{
		attr(edge.KeyFaasName),
		attr("cloudflare.script_name"), // with "#" + cloudflare.entrypoint
		{name: "aws.lambda.invoked_arn", read: arnFunction},
		{name: "cloud.resource_id", read: arnFunction},
	}}
	entrypointRule = rule{sources: attrs("cloudflare.entrypoint")}
	instanceRule   = rule{sources: attrs(edge.KeyFaasInstance, "service.instance.id", "cloudflare.durable_object.id")}
	invocationRule = rule{sources: []source{
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
	routeRule = rule{sources: slices.Concat(
		[]source{{name: edge.KeyRoute, read: withoutMethod}},
		attrs("vercel.matched_path", "next.route", "url.template"),
	)}
	pathRule = rule{sources: []source{
		{name: "url.path", read: route.OriginForm},
		{name: "http.target", read: route.Path},
		{name: "url.full", read: route.URLPath},
		{name: "http.url", read: route.URLPath},
		{name: "http.path", read: route.Path}, // Zipkin
	}}
	operationRule = rule{sources: attrs(edge.KeyOperation)}
	methodRule    = rule{sources: []source{
		{name: edge.KeyMethod, read: strings.ToUpper},
		{name: "http.method", read: strings.ToUpper},
	}}
	urlRule    = rule{sources: attrs("url.full", "http.url", "url.path", "http.target")}
	schemeRule = rule{sources: attrs("url.scheme")}

	errorTypeRule = rule{sources: attrs(edge.KeyErrorType)}
	exceptionRule = rule{sources: attrs(edge.KeyExceptionType, edge.KeyExceptionMessage)}
	escapedRule   = rule{sources: []source{{name: edge.KeyExceptionEscaped, read: boolean}}}
	outcomeRule   = rule{sources: []source{
		{name: edge.KeyOutcome, read: outcome},
		{name: "cloudflare.outcome", read: outcome},
	}}
	grpcRule = rule{sources: []source{{name: "rpc.grpc.status_code", read: grpcCode, also: []string{
		"rpc.response.status_code", "rpc.status_code", "rpc.connect_rpc.error_code", "grpc.status_code",
	}}}}
	// opentelemetry.io, "Mapping to non-OTLP formats", and OpenTracing's semantic conventions.
	errorFlagRule    = rule{sources: []source{{name: "otel.status_code", read: errorFlag, also: []string{"error"}}}}
	lambdaStatusRule = rule{sources: attrs("aws.lambda.status", "status")}
)

// known is every key that a rule reads.
var known = newVocabulary(
	&serviceRule, &versionRule, &namespaceRule, &environmentRule, &providerRule, &platformRule, &platformHeaders,
	&coloRule,
	&chosenRegion, &regionRule, &countryRule, &faasNameRule, &entrypointRule, &faasVersionRule, &instanceRule,
	&invocationRule,
	&triggerRule, &handlerRule, &routeRule, &pathRule, &operationRule, &methodRule, &urlRule, &schemeRule,
	&errorTypeRule, &exceptionRule, &escapedRule, &outcomeRule, &grpcRule, &errorFlagRule, &lambdaStatusRule, &coldRule,
	&coldReportRule, &statusRule, &countRule, &intervalRule,
	&initRule, &cpuRule, &wallRule, &ttfbRule, &rttRule, &memoryRule, &subrequestsRule, &originRule, &upstreamRule, &timingRule, &cacheRule, &cacheLookupRule,
	&ageRule,
)

// otherEnd are the attributes that on a client span tell of the other end: the headers that say where their sender is,
// and the region of the service that an AWS SDK asks.
var otherEnd = known.slotsOf(headerRay, headerVercelID, "x-nf-request-id", headerAmzCfID, headerServedBy, headerFlyID,
	headerFlyRegion, headerAzureRef, headerAmzCfPoP, "x-edge-location", "cdn-requestcountrycode", "x-appengine-country",
	headerCountry,
	"x-vercel-ip-country", "cloudfront-viewer-country", "x-amzn-requestid", "x-cold-start", "server", "aws.region")

func notClient(v *View) bool {
	return v.event.SpanKind != edge.SpanClient && v.event.SpanKind != edge.SpanProducer
}

func hasFaas(v *View) bool { return v.faas }

// means reads any value as that one.
func means(value string) func(string) string {
	return func(string) string { return value }
}

// knownService leaves out what OpenTelemetry SDKs write when nobody named the service (resource conventions,
// service.name).
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

// edgeProvider returns the platform of a provider that has only one.
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

// countryCode reads an ISO 3166-1 code of two letters in any case. XX is Cloudflare's for none and T1 its Tor, ZZ is
// Google's.
func countryCode(s string) string {
	if len(s) != 2 || !isLetter(s[0]) || !isLetter(s[1]) {
		return ""
	}
	if s = strings.ToUpper(s); s == "XX" || s == "ZZ" {
		return ""
	}
	return s
}

// methods are those that begin the name of a span "VERB /path" (RFC 9110, RFC 5789).
var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"}

// withoutMethod returns a route without the method before it, which patterns of Go's ServeMux have: GET /users/{id}.
func withoutMethod(s string) string {
	if path := namedRoute(s); path != "" {
		return path
	}
	return s
}

// namedRoute returns the path of a span name "VERB /path".
func namedRoute(name string) string {
	verb, path, ok := strings.Cut(name, " ")
	if !ok || path == "" || path[0] != '/' || !slices.Contains(methods, verb) {
		return ""
	}
	return path
}

// deployments are the keys that tell which deployment of a function ran, in order: what its platform gave out, then the
// commit. Names in capitals are the variables in a function's environment, as people copy them into attributes.
var deployments = []source{
	// developers.cloudflare.com/workers/runtime-apis/bindings/version-metadata: {id, tag, timestamp}
	{name: "cloudflare.script_version.id", read: versionID, also: []string{
		"cloudflare.script_version", "cloudflare.version.id", "cloudflare.version_id", "cloudflare.version_metadata.id",
		"cloudflare.version_metadata",
		"cloudflare.worker.version", "cloudflare.worker.version_id", "cf.version.id", "cf.version_id",
		"cf.version_metadata", "worker.version_id",
		"worker.version", "CF_VERSION_METADATA", "cloudflare.script_version.tag",
	}},
	// vercel.com/docs/drains/reference/traces, github.com/vercel/otel
	{name: "vercel.deployment_id", also: []string{
		"vercel.deploymentId", "vercel.deployment.id",
		"VERCEL_DEPLOYMENT_ID",
	}},
	{name: "deployment.id", also: []string{"deployment_id", "deploymentId"}}, // OpenTelemetry, deployment attributes
	{name: "deno.deployment_id", also: []string{
		"deno.deployment.id", "deno.deploymentId", "DENO_DEPLOYMENT_ID",
		"DENO_DEPLOY_BUILD_ID",
	}},
	{name: "netlify.deploy_id", also: []string{
		"netlify.deploy.id", "netlify.deployId", "NETLIFY_DEPLOY_ID",
		"DEPLOY_ID",
	}},
	{name: "fastly.service_version", also: []string{
		"fastly.service.version", "fastly.version",
		"FASTLY_SERVICE_VERSION",
	}},
	{name: "AWS_LAMBDA_FUNCTION_VERSION", read: publishedVersion, also: []string{
		"aws.lambda.function_version", "aws.lambda.function.version", "aws.lambda.version", "function.version",
		"function_version", "functionVersion",
	}},
	{name: "aws.lambda.invoked_arn", read: arnVersion},
	{name: "cloud.resource_id", read: arnVersion},
	{name: "K_REVISION", also: []string{
		"gcp.cloud_run.revision", "gcp.cloud_run.revision_name", "cloud_run.revision",
		"GAE_VERSION",
	}},
	{name: "FLY_MACHINE_VERSION", also: []string{"fly.machine_version", "fly.machine.version"}},
	{name: "FLY_IMAGE_REF", also: []string{"fly.image_ref"}},
	{name: "vcs.ref.head.revision", also: []string{
		"vcs.repository.ref.revision", "git.commit.sha", "git.commit.id", "git.commit", "git.sha", "git.revision",
		"git_sha", "git_commit",
		"git.commit_sha", "commit.sha", "commit_sha", "commit", "vercel.sha", "vercel.git_commit_sha",
		"VERCEL_GIT_COMMIT_SHA",
		"CF_PAGES_COMMIT_SHA", "COMMIT_REF", "GIT_COMMIT", "GIT_SHA", "GITHUB_SHA", "COMMIT_SHA",
		"DENO_DEPLOY_COMMIT_SHA",
		"RENDER_GIT_COMMIT", "RAILWAY_GIT_COMMIT_SHA", "HEROKU_SLUG_COMMIT", "HEROKU_BUILD_COMMIT",
	}},
	{name: "version", also: []string{ // Datadog and Sentry, and what people write by hand
		"release", "sentry.release", "DD_VERSION", "SENTRY_RELEASE", "app.version", "app_version", "APP_VERSION",
	}},
}

// The rules of versions. A function's own version also stands for its service's, which most platforms do not tell.
var (
	versionRule = rule{sources: slices.Concat(
		attrs(edge.KeyServiceVersion), deployments, []source{{name: edge.KeyFaasVersion, read: namedVersion}},
	)}
	faasVersionRule = rule{sources: slices.Concat(attrs(edge.KeyFaasVersion), deployments)}
)

// namedVersion leaves out what a function that was never published says of its version.
func namedVersion(s string) string {
	if s == "$LATEST" {
		return ""
	}
	return s
}

// versionID reads a version's id: the text itself, or the id of Cloudflare's version metadata in JSON.
func versionID(s string) string {
	if s[0] != '{' {
		return s
	}
	var metadata struct {
		ID string `json:"id"`
	}
	if json.Unmarshal([]byte(s), &metadata) != nil {
		return ""
	}
	return metadata.ID
}
