package accept_test

import (
	"net/http"
	"testing"

	"edgescope/internal/accept"
)

func TestGzip(t *testing.T) {
	f := func(want bool, lines ...string) {
		t.Helper()
		if got := accept.Gzip(http.Header{"Accept-Encoding": lines}); got != want {
			t.Errorf("%q: %t, want %t", lines, got, want)
		}
	}
	f(false)
	f(false, "")
	f(true, "gzip")
	f(true, "GZip")
	f(true, "gzip, deflate, br")
	f(true, "br", "gzip")
	f(true, "br;q=1.0, gzip;q=0.8, *;q=0.1")
	f(true, "gzip;q=0.001")
	f(true, " gzip ; q=1 ")
	f(true, "gzip\t;\tQ=0.5")
	f(true, "gzip;level=9")
	f(false, "gzip;q=0")
	f(false, "gzip;q=0.0")
	f(false, "gzip;q=0.00")
	f(false, "gzip;q=0.000")
	f(false, "gzip; q = 0")
	f(false, "gzip;level=9;q=0")
	f(false, "gzip;q=")
	f(false, "gzip;q=much")
	f(false, "gzip;q=NaN")
	f(false, "gzip;q=2")
	f(false, "*")
	f(false, "br, deflate")
	f(false, "gzippy")
	f(false, "identity;q=1, *;q=0")
}
