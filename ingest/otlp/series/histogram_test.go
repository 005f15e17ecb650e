package series_test

import (
	"fmt"
	"strings"
	"testing"

	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

func TestHistograms(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	const bounds = `,"explicitBounds":[0.005,10,1e6]`
	noStart := func(members string) string {
		return `{"timeUnixNano":"` + otlptest.Decimal(otlptest.T0+10000) + otlptest.Nano + `",` + members + `}`
	}
	expect(t, take(t, r, sink, otlptest.Histogram(2, noStart(`"count":"6","sum":2.5,"bucketCounts":["1",2,3,0]`+bounds))),
		"h_count@10=6", "h_sum@10=2.5", `h_bucket{le="0.005"}@10=1`, `h_bucket{le="10"}@10=3`,
		`h_bucket{le="1000000"}@10=6`, `h_bucket{le="+Inf"}@10=6`)
	// Deltas are added up bucket by bucket.
	r = otlptest.New(t, sink)
	take(t, r, sink, otlptest.Histogram(1, otlptest.Point(10,
		`"count":2,"sum":1,"bucketCounts":[1,1],"explicitBounds":[1]`)))
	expect(t, take(t, r, sink, otlptest.Histogram(1, otlptest.Point(20,
		`"count":3,"sum":2,"bucketCounts":[0,3],"explicitBounds":[1]`))),
		"h_count@20=5", "h_sum@20=3", `h_bucket{le="1"}@20=1`, `h_bucket{le="+Inf"}@20=5`)
	// Other bounds begin again, from 0 just before.
	expect(t, take(t, r, sink, otlptest.Histogram(1, otlptest.Point(30,
		`"count":1,"sum":2,"bucketCounts":[1,0],"explicitBounds":[7]`))),
		"h_count@0.001=0", "h_count@30=1", "h_sum@0.001=0", "h_sum@30=2", `h_bucket{le="7"}@0.001=0`,
		`h_bucket{le="7"}@30=1`, `h_bucket{le="+Inf"}@0.001=0`, `h_bucket{le="+Inf"}@30=1`)
	// Without buckets there are count and sum alone; without a sum none is made up.
	expect(t, take(t, r, sink, strings.Replace(otlptest.Histogram(2, noStart(`"count":4,"sum":9`)), `"h"`, `"n"`, 1)),
		"n_count@10=4", "n_sum@10=9", `n_bucket{le="+Inf"}@10=4`)
	for i, members := range []string{`"count":4`, `"count":4,"sum":null`, `"count":4,"sum":"NaN"`} {
		name := fmt.Sprintf("s%d", i)
		expect(t, take(t, r, sink, strings.Replace(otlptest.Histogram(2, noStart(members)), `"h"`, `"`+name+`"`, 1)),
			name+"_count@10=4", name+`_bucket{le="+Inf"}@10=4`)
	}
	expect(t, take(t, r, sink, strings.Replace(otlptest.Histogram(2, noStart(`"count":4`)), `"h"`, `"s"`, 1)),
		"s_count@10=4", `s_bucket{le="+Inf"}@10=4`)
}

func TestExponentialHistograms(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	at := `"timeUnixNano":"` + otlptest.Decimal(otlptest.T0+10000) + otlptest.Nano + `",`
	// Scale 0 has a bucket for each doubling; the bucket 1 is (2, 4].
	expect(t, take(t, r, sink, otlptest.Exponential(2, `{`+at+`"count":7,"sum":20,"scale":0,"zeroCount":"1",`+
		`"positive":{"offset":1,"bucketCounts":["4",0,2]}}`)),
		"e_count@10=7", "e_sum@10=20", `e_bucket{vmrange="0...1.000e-09"}@10=1`,
		`e_bucket{vmrange="2.000e+00...4.000e+00"}@10=4`, `e_bucket{vmrange="8.000e+00...1.600e+01"}@10=2`)
	// A finer scale is brought to 8 buckets for each doubling: of scale 5 four neighbours become one. The count is at
	// least what the buckets hold.
	r = otlptest.New(t, sink)
	expect(t, take(t, r, sink, otlptest.Exponential(2, `{`+at+`"count":15,"scale":5,"positive":{"offset":-2,`+
		`"bucketCounts":[1,2,3,4,5]},"negative":{"bucketCounts":[1]}}`)),
		"e_count@10=16", `e_bucket{vmrange="9.170e-01...1.000e+00"}@10=3`,
		`e_bucket{vmrange="1.000e+00...1.091e+00"}@10=12`, `e_bucket{vmrange="-1.091e+00...-1.000e+00"}@10=1`)
	// The same values at a lower scale, as SDKs write them when values spread, go to the same series.
	expect(t, take(t, r, sink, otlptest.Exponential(2, `{`+strings.Replace(at, "10000", "20000",
		1)+`"count":15,"scale":4,"positive":{"offset":-1,"bucketCounts":[3,5,7]},"negative":{"bucketCounts":[1]}}`)),
		"e_count@20=16", `e_bucket{vmrange="9.170e-01...1.000e+00"}@20=3`,
		`e_bucket{vmrange="1.000e+00...1.091e+00"}@20=12`, `e_bucket{vmrange="-1.091e+00...-1.000e+00"}@20=1`)
	// Deltas: a bucket that is seen for the first time was 0 at the point before.
	r = otlptest.New(t, sink)
	take(t, r, sink, otlptest.Exponential(1, otlptest.Point(10,
		`"count":1,"scale":3,"positive":{"offset":0,"bucketCounts":[1]}`)))
	expect(t, take(t, r, sink, otlptest.Exponential(1, otlptest.Point(20,
		`"count":3,"scale":3,"positive":{"offset":0,"bucketCounts":[1,2]}`))),
		"e_count@20=4", `e_bucket{vmrange="1.000e+00...1.091e+00"}@20=2`,
		`e_bucket{vmrange="1.091e+00...1.189e+00"}@10.001=0`, `e_bucket{vmrange="1.091e+00...1.189e+00"}@20=2`)
	// Absurd numbers stay bounded.
	take(t, r, sink, otlptest.Exponential(2, `{`+at+`"scale":2147483647,"positive":{"offset":2147483647,`+
		`"bucketCounts":[1]},"negative":{"offset":-2147483648,"bucketCounts":[1]}}`))
	take(t, r, sink, otlptest.Exponential(2, `{`+at+`"scale":-2147483648,"positive":{"offset":-2147483648,`+
		`"bucketCounts":[1,1]}}`))
}

func TestSummaries(t *testing.T) {
	sink := &otlptest.Recorder{}
	const summary = `{"name":"s","summary":{"dataPoints":[%s]}}`
	expect(t, take(t, otlptest.New(t, sink), sink, fmt.Sprintf(summary, otlptest.Point(10,
		`"count":"4","sum":10,"quantileValues":[{"quantile":0.5,"value":2},{"quantile":0.99,"value":9}]`))),
		"s_count@0.001=0", "s_count@10=4", "s_sum@0.001=0", "s_sum@10=10", `s{quantile="0.5"}@10=2`,
		`s{quantile="0.99"}@10=9`)
}

// TestHistogramsLoseOnlyWhatCannotBeUsed: the point stays, and the answer says what was left out of it.
func TestHistogramsLoseOnlyWhatCannotBeUsed(t *testing.T) {
	f := func(members, wantTold string, want ...string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		body := otlptest.Histogram(2, `{"timeUnixNano":"`+otlptest.Decimal(otlptest.T0+10000)+otlptest.Nano+`",`+members+`}`)
		res, err := otlptest.New(t, sink).Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(body)), otlp.JSON)
		if wantTold != "" {
			wantTold = "kept with changes: data point 0: " + wantTold
		}
		if err != nil || res.Message != wantTold || res.Rejected() != 0 {
			t.Errorf("%s: got %+v, %v; want %q", members, res, err, wantTold)
		}
		var buckets []string
		for _, text := range sink.Texts() {
			text = strings.TrimPrefix(text, "h_")
			buckets = append(buckets, strings.NewReplacer(`bucket{le="`, "", `"}@10`, "", "@10", "").Replace(text))
		}
		expect(t, buckets, want...)
	}
	const redundant = "bounds left out that are infinite or the same as their neighbour"
	f(`"count":6,"sum":9,"bucketCounts":[1,2,3,0],"explicitBounds":[1,2,"Infinity"]`, redundant, "count=6", "sum=9",
		"1=1", "2=3", "+Inf=6")
	f(`"count":6,"bucketCounts":[1,2,2,1],"explicitBounds":[1,2,"Infinity"]`, redundant, "count=6", "1=1", "2=3",
		"+Inf=6")
	f(`"count":6,"bucketCounts":[0,1,2,3],"explicitBounds":["-Infinity",1,2]`, redundant, "count=6", "1=1", "2=3",
		"+Inf=6")
	f(`"count":6,"bucketCounts":[1,2,0,3],"explicitBounds":[1,2,2]`, redundant, "count=6", "1=1", "2=3", "+Inf=6")
	f(`"count":3,"bucketCounts":[1,2],"explicitBounds":["Infinity"]`, redundant, "count=3", "+Inf=3")
	const lastBound = "the last bound left out: there are as many bounds as counts"
	f(`"count":6,"bucketCounts":[1,2,3],"explicitBounds":[1,2,"Infinity"]`, lastBound, "count=6", "1=1", "2=3",
		"+Inf=6")
	f(`"count":6,"bucketCounts":[1,2,3],"explicitBounds":[1,2,3]`, lastBound, "count=6", "1=1", "2=3", "+Inf=6")
	f(`"count":3,"bucketCounts":[3],"explicitBounds":[1]`, lastBound, "count=3", "+Inf=3")
	const unsorted = "buckets left out: the bounds do not increase"
	f(`"count":6,"sum":9,"bucketCounts":[1,2,3],"explicitBounds":[2,1]`, unsorted, "count=6", "sum=9", "+Inf=6")
	f(`"count":6,"bucketCounts":[1,2,3],"explicitBounds":[1,"NaN"]`, unsorted, "count=6", "+Inf=6")
	f(`"count":6,"bucketCounts":[1,2,3,0],"explicitBounds":[1,"Infinity",2]`, unsorted, "count=6", "+Inf=6")
	const other = "buckets left out: want one count more than bounds, got "
	f(`"count":6,"bucketCounts":[1,2,3],"explicitBounds":[1]`, other+"3 counts and 1 bounds", "count=6", "+Inf=6")
	f(`"count":6,"bucketCounts":[1],"explicitBounds":[1,2]`, other+"1 counts and 2 bounds", "count=6", "+Inf=6")
	f(`"count":6,"explicitBounds":[1,2]`, other+"0 counts and 2 bounds", "count=6", "+Inf=6")
	const counts = "buckets left out: a count is no number of at least 0"
	f(`"count":6,"bucketCounts":[1,"x"],"explicitBounds":[1]`, counts, "count=6", "+Inf=6")
	f(`"count":6,"bucketCounts":[1,-1],"explicitBounds":[1]`, counts, "count=6", "+Inf=6")
	// What adds up otherwise needs no repair: the count is at least what the buckets hold.
	f(`"count":"x","bucketCounts":[1,2],"explicitBounds":[1]`, "", "count=3", "1=1", "+Inf=3")
	f(`"count":1,"bucketCounts":[1,2],"explicitBounds":[1]`, "", "count=3", "1=1", "+Inf=3")
	f(`"count":9,"bucketCounts":[1,2],"explicitBounds":[1]`, "", "count=9", "1=1", "+Inf=9")
	f(`"count":3,"sum":"Infinity","min":5,"max":1,"bucketCounts":[1,2],"explicitBounds":[1]`, "", "count=3", "1=1",
		"+Inf=3")
	f(`"count":0,"bucketCounts":[],"explicitBounds":[]`, "", "count=0", "+Inf=0")
	f(`"count":6,"bucketCounts":[6]`, "", "count=6", "+Inf=6")
}

func TestExponentialHistogramsLoseOnlyTheirBuckets(t *testing.T) {
	sink := &otlptest.Recorder{}
	at := `{"timeUnixNano":"` + otlptest.Decimal(otlptest.T0+10000) + otlptest.Nano + `",`
	body := otlptest.Exponential(2, at+`"count":6,"sum":9,"scale":0,"positive":{"bucketCounts":[1,"x"]}}`)
	res, err := otlptest.New(t, sink).Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(body)), otlp.JSON)
	if err != nil || !strings.Contains(res.Message, "data point 0: buckets left out: a count is no number") ||
		res.Rejected() != 0 {
		t.Errorf("%+v, %v", res, err)
	}
	expect(t, sink.Texts(), "e_count@10=6", "e_sum@10=9")
}

// TestARedundantBoundCostsNoTime: a body of nothing but equal bounds is read in one pass.
func TestARedundantBoundCostsNoTime(t *testing.T) {
	const n = 1 << 20
	sink := &otlptest.Recorder{}
	body := otlptest.Histogram(2, `{"timeUnixNano":"`+otlptest.Decimal(otlptest.T0+10000)+otlptest.Nano+`","count":3,"bucketCounts":[`+strings.Repeat("0,", n)+`3],"explicitBounds":[`+strings.Repeat("1,", n-1)+`1]}`)
	if _, err := otlptest.New(t, sink).Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(body)),
		otlp.JSON); err != nil {
		t.Fatal(err)
	}
	expect(t, sink.Texts(), "h_count@10=3", `h_bucket{le="1"}@10=0`, `h_bucket{le="+Inf"}@10=3`)
}
