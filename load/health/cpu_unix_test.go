//go:build unix

package health

import (
	"testing"
	"time"
)

func TestThrottlingIsReadFromTheCgroup(t *testing.T) {
	periods, throttled := readThrottling([]byte("usage_usec 5\nnr_periods 120\nnr_throttled 7\nthrottled_usec 9\nodd " +
		"line here\n"))
	if periods != 120 || throttled != 7 {
		t.Errorf("periods %d, throttled %d; want 120, 7", periods, throttled)
	}
	if s := readCPU(time.Now()); s.used <= 0 {
		t.Errorf("this process used %v, want more than nothing", s.used)
	}
}
