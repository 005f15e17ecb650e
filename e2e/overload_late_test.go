package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"testing"
	"time"

	"edgescope/internal/run/runtest"
	"edgescope/query"
)

// TestOverloadOfTime attacks with times: of spans that come days late, of a sender whose clock jumps, and of 30 days at
// once. What TestOverload holds a collector to holds, and beside it that every span is in the totals of its day.
func TestOverloadOfTime(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the memory of a process is read from /proc")
	}
	f := func(name string, days int, when func(n int) time.Duration) {
		t.Run(name, func(t *testing.T) {
			o := startOverload(t)
			late := &lateness{o, time.Now(), when}
			o.since, o.until = late.now.Add(-time.Duration(days)*24*time.Hour), late.now.Add(24*time.Hour)
			late.attack()
			o.check()
			late.checkTotals()
			late.checkStop()
		})
	}
	const day = 24 * time.Hour
	f("eight days in order", 8, func(n int) time.Duration { return 8*day - time.Duration(n)*time.Second })
	f("thirty days in no order", 30, func(n int) time.Duration {
		return time.Duration(uint64(n)*2654435761%(29*86400)) * time.Second
	})
	f("a clock that jumps", 3, func(n int) time.Duration {
		return []time.Duration{0, 2 * day, -12 * time.Hour, time.Hour, 10 * time.Minute, -time.Minute}[n/500%6]
	})
	f("usual spans between late ones", 8, func(n int) time.Duration {
		if n%2 == 0 {
			return 0
		}
		return time.Duration(uint64(n)*2654435761%(7*86400)) * time.Second
	})
}

// lateness is an attack with times.
type lateness struct {
	*overload

	now time.Time
	// before returns how long before now the n-th span ended.
	before func(n int) time.Duration
}

const perBatch = 500

func (l *lateness) attack() {
	l.each(4, l.amount(30, 600), func(i int) {
		body := spansOf("overload", i, perBatch, func(n int) time.Time { return l.now.Add(-l.before(i*perBatch + n)) })
		for l.send("/v1/traces", "", body, perBatch) == http.StatusTooManyRequests {
			wait(l.Context(), time.Second) // as it was told to
		}
		if i%20 == 0 {
			l.checkMetrics()
		}
	})
	if l.answers[http.StatusOK] == 0 {
		l.Error("nothing was accepted")
	}
}

// checkMetrics asks for /metrics in the middle of it.
func (l *lateness) checkMetrics() {
	client := http.Client{Timeout: slowest, Transport: l.client.Transport}
	res, err := client.Get(l.c.URL("query") + "/metrics")
	if err != nil || res.StatusCode != http.StatusOK {
		l.Errorf("/metrics during the attack: %v", err)
		return
	}
	_ = res.Body.Close()
}

// checkTotals asks for the totals of all days together and of each hour of one, which come from windows of other
// widths.
func (l *lateness) checkTotals() {
	want := float64(l.spans.Load())
	total := func(from, to time.Time) float64 {
		q := url.Values{
			"from": {from.Format(time.RFC3339)}, "to": {to.Format(time.RFC3339)}, "cmp": {"none"},
			"service": {"overload"},
		}
		return float64(runtest.Ask[query.Overview](l.T,
			l.c.URL("query")+query.APIPrefix+"overview?"+q.Encode()).Total.Requests)
	}
	from, to := l.since.UTC().Truncate(time.Hour), l.until.UTC().Truncate(time.Hour)
	runtest.Eventually(l.T, func() string {
		return fmt.Sprintf("totals have %v spans, %v were acknowledged",
			total(from, to), want)
	},
		func() bool { return total(from, to) == want })
	pieces := func(from, to time.Time, piece time.Duration) (sum float64) {
		for at := from; at.Before(to); at = at.Add(piece) {
			sum += total(at, at.Add(min(piece, to.Sub(at))))
		}
		return sum
	}
	// from windows of 5 minutes and of hours
	if sum := pieces(from, to, (to.Sub(from) / 37).Truncate(time.Hour)); sum != want {
		l.Errorf("the totals of pieces add up to %v, want %v", sum, want)
	}
	hour := l.now.UTC().Truncate(time.Hour).Add(-time.Hour)
	// of 10 seconds
	if sum, want := pieces(hour, hour.Add(time.Hour), time.Minute), total(hour, hour.Add(time.Hour)); sum != want {
		l.Errorf("the totals of minutes add up to %v, that of their hour is %v", sum, want)
	}
}

// checkStop ends the collector as an operator does: it says that it takes 15 s at most.
func (l *lateness) checkStop() {
	if err := l.c.Stop(l.Context()); err != nil {
		l.Errorf("the collector did not drain: %v", err)
	}
}
