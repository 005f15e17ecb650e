package platform

import (
	"strings"

	"edgescope/edge"
)

// The rules of cold starts, in order.
var (
	coldRule = rule{sources: []source{
		{name: edge.KeyColdStart, read: startWord},
		// Spellings of faas.coldstart before and beside the convention (opentelemetry.io, FaaS attributes).
		{name: "faas.cold_start", read: startWord, also: []string{
			"faas.coldStart", "faas.is_cold_start", "faas.isColdStart", "faas.is_coldstart", "faas.ColdStart",
			"faas.start_type", "faas.startType",
		}},
		// Bare words: Datadog's tag and Powertools for AWS Lambda (cold_start, ColdStart), and what people write by
		// hand.
		{name: "cold_start", read: startWord, also: []string{
			"coldStart", "coldstart", "ColdStart", "cold-start", "is_cold_start", "isColdStart", "is_coldstart",
			"IsColdStart", "is_cold", "isCold", "start_type", "startType",
		}},
		// AWS: OpenTelemetry's and X-Ray's SDKs, Datadog, Thundra (aws.lambda.invocation.coldstart), New Relic
		// (aws.lambda.coldStart), Serverless (aws.lambda.is_coldstart), Lumigo and Epsagon.
		{name: "aws.lambda.coldstart", read: startWord, also: []string{
			"aws.lambda.cold_start", "aws.lambda.coldStart", "aws.lambda.is_cold_start", "aws.lambda.is_coldstart",
			"aws.lambda.isColdStart",
			"aws.lambda.invocation.coldstart", "aws.lambda.invocation.cold_start", "aws.lambda.invocation.coldStart",
			"aws.lambda.start_type",
			"lambda.cold_start", "lambda.coldstart", "lambda.coldStart", "lambda.is_cold_start", "aws.cold_start",
			"aws.coldstart",
		}},
		{name: "function.cold_start", read: startWord, also: []string{
			"function.coldstart", "function.coldStart", "function.is_cold_start", "function.start_type",
		}},
		{name: "cloudflare.cold_start", read: startWord, also: []string{
			"cloudflare.coldstart", "cloudflare.coldStart", "cloudflare.isColdStart", "cloudflare.worker.cold_start",
			"worker.cold_start", "worker.coldstart",
			"cf.cold_start", "cf.coldstart", "isolate.cold_start",
		}},
		{name: "vercel.cold_start", read: startWord, also: []string{
			"vercel.coldstart", "vercel.coldStart", "vercel.start_type", "vercel.function_start_type",
			"vercel.startType", "netlify.cold_start", "netlify.coldstart", "netlify.coldStart",
			"deno.cold_start", "deno.coldstart", "deno.coldStart", "fastly.cold_start", "gcp.cold_start",
			"gcp.cloud_functions.cold_start", "azure.cold_start",
			"azure.functions.cold_start", "azure.function.cold_start", "azure.functions.coldstart",
			"azure.functions.coldStart", "edge.cold_start", "edge.coldstart", "edge.coldStart",
		}},
		{name: "cloudflare.cold_start_ms", read: trueIfPositive, also: []string{
			"cold_start_ms", "coldStartMs", "faas.cold_start_ms", "aws.lambda.cold_start_ms", "cold_start_duration_ms",
		}},
		{name: "function_start_type", read: startWord, also: []string{"functionStartType"}},
		{name: "initDurationMs", read: trueIfPositive, also: []string{"restoreDurationMs"}},
		header("x-cold-start", startWord),
	}}
	coldReportRule = rule{sources: attrs(edge.KeyColdStartSource)}
)

// startWord reads a flag, or the word for a start: cold; hot and warm, also of an instance that was prewarmed before
// the request came (Vercel's function_start_type).
func startWord(s string) string {
	if flag := boolean(s); flag != "" {
		return flag
	}
	switch strings.ToLower(s) {
	case "cold", "yes":
		return "true"
	case "warm", "hot", "prewarmed", "no":
		return "false"
	default:
		return ""
	}
}

// coldStart fills what an event says of its own start. What only a memory of instances or gaps could tell stays
// unknown.
func (v *View) coldStart(f *edge.Facts) {
	e := v.event
	isSpan := e.Kind == edge.KindSpan
	if f.ColdStart == edge.Unknown {
		switch v.text(&coldRule) {
		case "true":
			f.ColdStart = edge.True
		case "false":
			f.ColdStart = edge.False
		}
		if f.ColdStart != edge.Unknown && f.ColdStartSource == "" {
			f.ColdStartSource = v.coldSource()
		}
	}
	if f.ColdStart == edge.Unknown && isSpan && isInit(e.Name) {
		f.ColdStart, f.ColdStartSource = edge.True, ColdByPlatform
	}
	v.initDuration(f)
}

// coldSource returns the source that the sender names, if it is one of ours, else that it was an attribute.
func (v *View) coldSource() string {
	switch s := v.text(&coldReportRule); s {
	case ColdByPlatform, "instance", "gap", "model":
		return s
	default:
		return coldByAttribute
	}
}

func (v *View) initDuration(f *edge.Facts) {
	v.fillLength(&f.InitDuration, &f.HasInit, &initRule)
	e := v.event
	switch {
	case f.HasInit:
		// A worker that was warm says 0: it had no init phase.
		f.HasInit = f.InitDuration > 0 || f.ColdStart == edge.True
	case e.Kind == edge.KindSpan && (e.Name == initRuntimeDone || e.Name == restoreRuntimeDone) && e.Duration > 0:
		f.InitDuration, f.HasInit = e.Duration, true
	case v.present.meets(&timingRule.any) && e.SpanKind != edge.SpanClient:
		timing, _ := v.find(&timingRule)
		f.InitDuration, f.HasInit = serverTiming(timing, "cold", "init")
	}
}
