package platform

import (
	"encoding/json"
	"slices"

	"edgescope/edge"
)

// deployments are the keys that tell which deployment of a function ran, in order: what its platform gave out, then the
// commit. Names in capitals are the variables in a function's environment, as people copy them into attributes.
var deployments = []source{
	// developers.cloudflare.com/workers/runtime-apis/bindings/version-metadata: {id, tag, timestamp}
	{name: "cloudflare.script_version.id", read: versionID, also: []string{
		"cloudflare.script_version", "cloudflare.version.id", "cloudflare.version_id", "cloudflare.version_metadata.id", "cloudflare.version_metadata",
		"cloudflare.worker.version", "cloudflare.worker.version_id", "cf.version.id", "cf.version_id", "cf.version_metadata", "worker.version_id",
		"worker.version", "CF_VERSION_METADATA", "cloudflare.script_version.tag",
	}},
	// vercel.com/docs/drains/reference/traces, github.com/vercel/otel
	{name: "vercel.deployment_id", also: []string{"vercel.deploymentId", "vercel.deployment.id", "VERCEL_DEPLOYMENT_ID"}},
	{name: "deployment.id", also: []string{"deployment_id", "deploymentId"}}, // OpenTelemetry, deployment attributes
	{name: "deno.deployment_id", also: []string{"deno.deployment.id", "deno.deploymentId", "DENO_DEPLOYMENT_ID", "DENO_DEPLOY_BUILD_ID"}},
	{name: "netlify.deploy_id", also: []string{"netlify.deploy.id", "netlify.deployId", "NETLIFY_DEPLOY_ID", "DEPLOY_ID"}},
	{name: "fastly.service_version", also: []string{"fastly.service.version", "fastly.version", "FASTLY_SERVICE_VERSION"}},
	{name: "AWS_LAMBDA_FUNCTION_VERSION", read: publishedVersion, also: []string{
		"aws.lambda.function_version", "aws.lambda.function.version", "aws.lambda.version", "function.version", "function_version", "functionVersion",
	}},
	{name: "aws.lambda.invoked_arn", read: arnVersion},
	{name: "cloud.resource_id", read: arnVersion},
	{name: "K_REVISION", also: []string{"gcp.cloud_run.revision", "gcp.cloud_run.revision_name", "cloud_run.revision", "GAE_VERSION"}},
	{name: "FLY_MACHINE_VERSION", also: []string{"fly.machine_version", "fly.machine.version"}},
	{name: "FLY_IMAGE_REF", also: []string{"fly.image_ref"}},
	{name: "vcs.ref.head.revision", also: []string{
		"vcs.repository.ref.revision", "git.commit.sha", "git.commit.id", "git.commit", "git.sha", "git.revision", "git_sha", "git_commit",
		"git.commit_sha", "commit.sha", "commit_sha", "commit", "vercel.sha", "vercel.git_commit_sha", "VERCEL_GIT_COMMIT_SHA",
		"CF_PAGES_COMMIT_SHA", "COMMIT_REF", "GIT_COMMIT", "GIT_SHA", "GITHUB_SHA", "COMMIT_SHA", "DENO_DEPLOY_COMMIT_SHA",
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
