package settings_test

import (
	"testing"

	"edgescope/scenarios/settings"
)

func TestDurations(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		d, err := settings.ParseDuration(text)
		got := d.String()
		if err != nil {
			got = "refused"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	f("5", "5s")
	f("0.5", "500ms")
	f("5m", "5m0s")
	f("0.5 min", "30s")
	f("9 Seconds", "9s")
	f("250 msec", "250ms")
	f("1h", "1h0m0s")
	f("2 days", "48h0m0s")
	f("0", "0s")
	f("", "refused")
	f("-1", "refused")
	f("1-3", "refused")
	f("5 potatoes", "refused")
	f("1.2.3s", "refused")
	f("99999999999d", "refused")
}

func TestSuggestions(t *testing.T) {
	f := func(name string, want string, legal ...string) {
		t.Helper()
		if got := settings.Suggest(name, legal); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	f("duratoin", ` (did you mean "duration"?)`, "name", "duration")
	f("STATUSCODE", ` (did you mean "statusCode"?)`, "statusCode")
	f("wait", ` (did you mean "think"?)`, "think", "get")
	f("wait", "", "get")
	f("zzzzzz", "", "get", "post")
	f("xy", "", "is") // nothing of it is right
}
