package place_test

import (
	"math"
	"testing"

	"edgescope/edge/place"
)

func TestDistance(t *testing.T) {
	f := func(country, code string, want, within float64) {
		t.Helper()
		if km, ok := place.Distance(country, code); !ok || !(math.Abs(km-want) <= within) {
			t.Errorf("%s to %s: %.0f km %v, want %.0f", country, code, km, ok, want)
		}
	}
	f("SG", "sin1", 20, 20)
	f("SG", "syd1", 6300, 50)
	f("IE", "us-east-1", 5450, 150)
	f("DE", "eu-central-1", 250, 150)
	for _, unknown := range [][2]string{{"DE", "nowhere"}, {"XX", "FRA"}, {"", "FRA"}, {"DE", ""}} {
		if km, ok := place.Distance(unknown[0], unknown[1]); ok || km != 0 {
			t.Errorf("%q: %v km", unknown, km)
		}
	}
}
