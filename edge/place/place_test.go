package place_test

import (
	"os"
	"strings"
	"testing"

	"edgescope/edge/place"
)

func TestLookup(t *testing.T) {
	f := func(code, city, country, region string, lat, lon float64) {
		t.Helper()
		got, ok := place.Lookup(code)
		if want := (place.Place{Code: code, City: city, Country: country, Region: region, Lat: lat, Lon: lon}); !ok ||
			got != want {
			t.Errorf("%s is %+v (%v), want %+v", code, got, ok, want)
		}
	}
	f("FRA", "Frankfurt", "DE", "Europe", 50.0, 8.6)
	f("SIN", "Singapore", "SG", "Asia", 1.4, 104.0)
	f("IAD", "Ashburn", "US", "North America", 38.9, -77.5)
	f("us-east-1", "Ashburn", "US", "North America", 39.0, -77.5)
	f("iad1", "Ashburn", "US", "North America", 39.0, -77.5)
	f("gru1", "Sao Paulo", "BR", "South America", -23.5, -46.6)
	f("gru", "Sao Paulo", "BR", "South America", -23.5, -46.6)
	f("JNB", "Johannesburg", "ZA", "Africa", -26.1, 28.2)
	f("SYD", "Sydney", "AU", "Oceania", -33.9, 151.2)
	f("DXB", "Dubai", "AE", "Middle East", 25.3, 55.4)
	for _, code := range []string{"", "QQQ", "Fra", "us-moon-1"} {
		if c, ok := place.Lookup(code); ok || c != (place.Place{}) {
			t.Errorf("%q is %+v, want nothing", code, c)
		}
	}
}

// TestPlaceTable reads the table itself: every line has its five columns, every code one place on earth.
func TestPlaceTable(t *testing.T) {
	table, err := os.ReadFile("places.tsv")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	airports := 0
	for n, line := range strings.Split(strings.TrimSpace(string(table)), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 5 {
			t.Errorf("places.tsv:%d: %d columns, want 5: %q", n+1, len(fields), line)
			continue
		}
		for code := range strings.FieldsSeq(fields[0]) {
			if seen[code] {
				t.Errorf("places.tsv:%d: %s stands there twice", n+1, code)
			}
			seen[code] = true
			c, ok := place.Lookup(code)
			if !ok || c.City == "" || len(c.Country) != 2 || c.Region == "" || c.Lat < -60 || c.Lat > 75 ||
				c.Lon < -180 || c.Lon > 180 {
				t.Errorf("places.tsv:%d: %s is %+v (%v)", n+1, code, c, ok)
			}
			if code == strings.ToUpper(code) {
				airports++
			}
		}
	}
	if airports < 330 {
		t.Errorf("%d points of presence, want at least 330", airports)
	}
	for code := range strings.FieldsSeq("us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-west-1 " +
		"eu-west-2 eu-west-3 " +
		"eu-central-1 eu-north-1 eu-south-1 ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 ap-northeast-2 " +
		"ap-northeast-3 " +
		"arn1 bom1 cdg1 cle1 cpt1 dub1 dxb1 fra1 gru1 hkg1 hnd1 iad1 icn1 kix1 lhr1 pdx1 sfo1 sin1 syd1 " +
		"ams arn bom cdg dfw ewr fra gru iad jnb lax lhr nrt ord sin sjc syd yyz") {
		if !seen[code] {
			t.Errorf("region %s is missing", code)
		}
	}
}
