package place_test

import (
	"os"
	"strings"
	"testing"

	"edgescope/edge/place"
)

func TestRegion(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := place.Region(text); got != want {
			t.Errorf("region of %q is %q, want %q", text, got, want)
		}
	}
	// Codes stay.
	for code := range strings.FieldsSeq("us-east-1 us-gov-west-1 eu-isoe-west-1 eusc-de-east-1 us-isob-east-1 " +
		"cn-northwest-1 europe-west1 us-central1 me-central2 " +
		"europe-west10 northamerica-northeast2 iad1 fra1 fra FRA weur gru westeurope eastus2 nyc3 fsn1 fr-par " +
		"cn-hangzhou eu-frankfurt-1 gcp-europe eu apac " +
		"us-south eu-de k8s-east edge-12 us-east-10 mars-east1") {
		f(code, code)
	}
	// Zones of AWS and Google Cloud.
	f("us-east-1a", "us-east-1")
	f("us-gov-west-1b", "us-gov-west-1")
	f("eusc-de-east-1a", "eusc-de-east-1")
	f("us-west-2-lax-1", "us-west-2")
	f("us-west-2-lax-1a", "us-west-2")
	f("ap-northeast-1-tpe-1a", "ap-northeast-1")
	f("us-east-1-wl1-bos-wlz-1", "us-east-1")
	f("eu-west-2-wl1-lon-wlz-1", "eu-west-2")
	f("use1-az1", "us-east-1")
	f("apne1-az4", "ap-northeast-1")
	f("usgw1-az2", "us-gov-west-1")
	f("usw2-lax1-az1", "us-west-2")
	f("use1-wl1-bos-wlz1", "us-east-1")
	f("my-az1", "my-az1")
	f("europe-west1-b", "europe-west1")
	f("us-central1-ai1a", "us-central1")
	// Display names.
	f("West Europe", "westeurope")
	f("westEurope", "westeurope")
	f("WEST EUROPE", "westeurope")
	f(" West Europe ", "westeurope")
	f("East US 2", "eastus2")
	f("(Europe) West Europe", "westeurope")
	f("(US) East US 2", "eastus2")
	f("South Africa North", "southafricanorth")
	f("Europe (Frankfurt)", "eu-central-1")
	f("EU (Ireland)", "eu-west-1")
	f("US East (N. Virginia)", "us-east-1")
	f("South America (São Paulo)", "sa-east-1")
	f("Asia Pacific (Tokyo)", "ap-northeast-1")
	// Other spellings.
	f("US-EAST-1", "us-east-1")
	f("EU_WEST_1", "eu-west-1")
	f("EUROPE-WEST1", "europe-west1")
	f("gcp-europe-west3", "europe-west3")
	f("aws-eu-central-1", "eu-central-1")
	f("azure-westeurope", "westeurope")
	f("projects/123/zones/us-central1-a", "us-central1")
	f("projects/123/regions/us-central1", "us-central1")
	f("us-east-1 (N. Virginia)", "us-east-1")
	f("Frankfurt (fra1)", "fra1")
	f("Frankfurt (europe-west3)", "europe-west3")
	// What is none of these stays.
	f("", "")
	f("Frankfurt am Main", "Frankfurt am Main")
	f("EMEA", "EMEA")
	f("Rack (7)", "Rack (7)")
	f("a/b", "a/b")
	f("Ünder", "Ünder")
}

func TestZone(t *testing.T) {
	f := func(zone, want string) {
		t.Helper()
		if got := place.Zone(zone); got != want {
			t.Errorf("region of zone %q is %q, want %q", zone, got, want)
		}
	}
	f("us-east-1a", "us-east-1")
	f("us-west-2-lax-1a", "us-west-2")
	f("use1-az1", "us-east-1")
	f("europe-west4-b", "europe-west4")
	f("cn-hangzhou-h", "cn-hangzhou")
	f("fr-par-1", "fr-par")
	f("westeurope-1", "westeurope")
	f("Uocm:EU-FRANKFURT-1-AD-1", "eu-frankfurt-1")
	f("us-east-1", "us-east-1")
	f("projects/123/zones/us-central1-a", "us-central1")
	f("1", "")
	f("zone", "")
	f("", "")
	f("rack-12", "")
}

func TestIsKnown(t *testing.T) {
	for _, code := range []string{
		"FRA", "fra1", "us-east-1", "ap-southeast-9", "europe-west99", "westeurope",
		"usdodeast",
	} {
		if !place.IsKnown(code) {
			t.Errorf("%s is not known", code)
		}
	}
	for _, code := range []string{"", "EMEA", "us-east-1a", "West Europe", "north", "QQQ"} {
		if place.IsKnown(code) {
			t.Errorf("%q is known", code)
		}
	}
}

// TestNames reads the table: each display name means the code beside it, which is a region's.
func TestNames(t *testing.T) {
	table, err := os.ReadFile("names.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		name, code, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || place.Region(name) != code || place.Region(code) != code || !place.IsKnown(code) {
			t.Errorf("%q means %q, want %q, which stands for itself", name, place.Region(name), code)
		}
	}
}

// FuzzRegion: a region stands for itself, and a zone lies in a region that stands for itself.
func FuzzRegion(f *testing.F) {
	for _, s := range []string{"us-east-1a", "(", ")(", "a/zones/", "use1-az", "gcp-", "EU_", "-az1", "Uocm:-AD-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := place.Region(s)
		if again := place.Region(r); again != r {
			t.Errorf("region of %q is %q, whose region is %q", s, r, again)
		}
		if place.IsKnown(s) && len(s) > 4 && r != s {
			t.Errorf("%q is known, and its region is %q", s, r)
		}
	})
}
