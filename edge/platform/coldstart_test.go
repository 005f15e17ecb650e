package platform_test

import (
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/ingest/normalize"
)

// TestSpellingsOfColdStarts: each key that platforms, agents and people write is read, whatever word they write for yes
// and no.
func TestSpellingsOfColdStarts(t *testing.T) {
	for key := range strings.FieldsSeq("faas.coldstart faas.cold_start faas.coldStart faas.is_cold_start cold_start " +
		"coldStart coldstart ColdStart " +
		"is_cold_start isColdStart start_type aws.lambda.coldstart aws.lambda.cold_start aws.lambda.coldStart " +
		"aws.lambda.is_cold_start " +
		"aws.lambda.is_coldstart aws.lambda.invocation.coldstart lambda.cold_start lambda.coldStart aws.cold_start " +
		"function.cold_start " +
		"function.coldStart cloudflare.cold_start cf.cold_start worker.cold_start vercel.cold_start vercel.coldStart " +
		"function_start_type " +
		"netlify.cold_start netlify.coldStart deno.cold_start deno.coldStart faas.start_type isCold " +
		"lambda.is_cold_start " +
		"cloudflare.isColdStart azure.functions.coldStart azure.functions.cold_start gcp.cold_start edge.cold_start " +
		"http.response.header.x-cold-start http.response.header.X-Cold-Start") {
		for value, want := range map[string]edge.Tri{
			"true": edge.True, "True": edge.True, "1": edge.True, "cold": edge.True, `["true"]`: edge.True,
			"false": edge.False, "0": edge.False, "warm": edge.False, "hot": edge.False, "prewarmed": edge.False,
			"": edge.Unknown, "maybe": edge.Unknown, "2": edge.Unknown,
		} {
			expect(t, func(f edge.Facts) edge.Tri { return f.ColdStart }, want, key, value)
		}
	}
}

// TestRestoredFunctionsStartCold: a function of SnapStart has a restore phase where others have an init phase.
func TestRestoredFunctionsStartCold(t *testing.T) {
	e := span(ids{1, 0}, edge.SpanInternal, ms{0, 310}, "faas.instance", "i1")
	e.Name = "platform.restoreRuntimeDone"
	f := normalized(e)[0].Facts
	if f.ColdStart != edge.True || f.ColdStartSource != "platform" || f.InitDuration != 310e6 {
		t.Errorf("cold %q by %q, init %d, want true by platform, 310 ms", f.ColdStart, f.ColdStartSource,
			f.InitDuration)
	}
	if f := facts("restoreDurationMs", "310"); f.ColdStart != edge.True || f.InitDuration != 310e6 {
		t.Errorf("cold %q, init %d, want true, 310 ms", f.ColdStart, f.InitDuration)
	}
}

// TestColdStartOfTheOtherEnd: what a client is told of a cold start is the server's.
func TestColdStartOfTheOtherEnd(t *testing.T) {
	events := []edge.Event{{
		Kind: edge.KindSpan, SpanKind: edge.SpanClient,
		Attrs: attrs("http.response.header.x-cold-start", "1"),
	}}
	normalize.New(normalize.Options{}).Normalize(events)
	if got := events[0].Facts.ColdStart; got != edge.Unknown {
		t.Errorf("cold start of a client span %q, want unknown", got)
	}
}
