package platform_test

import (
	"math"
	"testing"

	"edgescope/edge/platform"
)

func TestCost(t *testing.T) {
	f := func(requests, cpuMS, want float64) {
		t.Helper()
		if got := platform.WorkersPaid().Cost(requests, cpuMS); math.Abs(got-want) > 1e-9 {
			t.Errorf("%.0f requests of %.0f ms cost %.4f, want %.4f", requests, cpuMS, got, want)
		}
	}
	f(0, 0, 5)
	f(10e6, 3, 5)
	f(15e6, 7, 8.00) // Cloudflare's own example
	f(11e6, 1, 5.30)
	f(5e6, 10, 5.40)
	if got := platform.AnalyticsEngine().Cost(14e6, 0); got != 1 {
		t.Errorf("14 M data points cost %v, want 1", got)
	}
}
