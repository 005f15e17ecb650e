package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
)

// numberBatch is metrics of one sender, the same bytes each time: a gauge, and a counter as deltas that grows by one
// with each batch. Their times are 10 ms apart.
func (k *killer) numberBatch(batch string) []byte {
	sender, n, _ := strings.Cut(batch, " ")
	number, _ := strconv.Atoi(n)
	at := k.began.Add(-30*time.Minute + time.Duration(number)*10*time.Millisecond).UnixNano()
	attrs := fmt.Sprintf(`"attributes":[{"key":"sender","value":{"stringValue":%q}}]`, sender)
	return fmt.Appendf(nil, `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[`+
		`{"name":"kill_gauge","gauge":{"dataPoints":[{"timeUnixNano":"%d","asInt":"%d",%[3]s}]}},`+
		`{"name":"kill_delta","sum":{"aggregationTemporality":1,"isMonotonic":true,`+
		`"dataPoints":[{"startTimeUnixNano":"%[4]d","timeUnixNano":"%[1]d","asInt":"1",%[3]s}]}}]}]}]}`, at, number,
		attrs, at-1e7)
}

// resendNumbers sends oldest first, as clients do: of deltas that come late only the last few are known by their time.
func (k *killer) resendNumbers(c *e2e.Program) {
	open := sorted(k.numbers.open)
	slices.SortStableFunc(open, func(a, b string) int { return len(a) - len(b) })
	for _, batch := range open {
		status, answer := runtest.Post(k.t, c.URL("ingest")+"/v1/metrics", "application/json", "", k.numberBatch(batch))
		if status != http.StatusOK || answer != "{}" {
			k.t.Errorf("metrics %s sent again: %d %s", batch, status, answer)
			continue
		}
		k.numbers.acknowledged(batch)
	}
}

// checkNumbers holds that of every sender each batch is there once: as a sample of the gauge, and as one of the
// counter's total.
func (k *killer) checkNumbers(c *e2e.Program, when string) {
	k.t.Helper()
	want := map[string]float64{}
	for batch := range k.numbers.acked {
		sender, _, _ := strings.Cut(batch, " ")
		want[sender]++
	}
	if len(want) < killSenders {
		k.t.Errorf("%s: only %d senders had metrics acknowledged: that proves nothing", when, len(want))
	}
	for _, text := range []string{`count_over_time(kill_gauge[2h])`, `increase(kill_delta_total[2h])`} {
		var got map[string]float64
		runtest.Eventually(k.t, func() string { return fmt.Sprintf("%s: %s is %v, want %v", when, text, got, want) },
			func() bool {
				got = k.bySender(c, text)
				for sender, n := range want {
					if got[sender] < n {
						return false
					}
				}
				return true
			})
		if !maps.Equal(got, want) {
			k.t.Errorf("%s: %s is %v, want %v: the batches that were acknowledged", when, text, got, want)
		}
	}
	k.t.Logf("%s: metrics of %d senders, %d batches", when, len(want), len(k.numbers.acked))
}

// bySender asks MetricsQL for one number of each sender.
func (k *killer) bySender(c *e2e.Program, text string) map[string]float64 {
	k.t.Helper()
	type answer struct {
		Data struct {
			Result []struct {
				Metric struct{ Sender string }
				Value  [2]any
			}
		}
	}
	values := map[string]float64{}
	a := runtest.Ask[answer](k.t, c.URL("query")+"/api/v1/query?query="+url.QueryEscape("sum("+text+") by (sender)"))
	for _, r := range a.Data.Result {
		values[r.Metric.Sender], _ = strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
	}
	return values
}
