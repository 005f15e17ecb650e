package plan_test

import (
	"strings"
	"testing"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/function"
)

func TestStrictRefusesWhatCloudflareRefuses(t *testing.T) {
	o := options()
	o.Strict = true
	f := func(text, want string) {
		t.Helper()
		if _, err := build(text, options()); err != nil {
			t.Errorf("%s: refused although not strict: %v", text, err)
		}
		_, err := build(text, o)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	f("SELECT blob1 FROM sql_dev ORDER BY double1", "orders by what is selected")
	f("SELECT blob1 AS x FROM sql_dev ORDER BY x", "")
	f("SELECT blob1, sum(_sample_interval) AS n FROM sql_dev GROUP BY blob1 ORDER BY n DESC LIMIT 10", "")
	f("SELECT toString(double1) FROM sql_dev", "Cloudflare has no function toString")
	f("SELECT uniq(blob1) FROM sql_dev", "Cloudflare has no aggregate uniq")
	f("SELECT name FROM system.tables", "unknown table")
	// Cloudflare documents it so.
	f("SELECT first_value(blob1) FROM sql_dev ORDER BY timestamp ASC", "")
	f("SELECT blob1, last_value(blob2) AS v FROM sql_dev GROUP BY blob1 ORDER BY timestamp DESC, v", "")
	f("SELECT count() AS n, blob1 FROM sql_dev GROUP BY blob1 ORDER BY COUNT() DESC", "under its name there: write n")
	f("SELECT blob1 AS x FROM sql_dev ORDER BY blob1", "under its name there: write x")
	f("SELECT COUNT(), blob1 FROM sql_dev GROUP BY blob1 ORDER BY count(), blob1", "")
	f("SELECT blob1 AS x FROM sql_dev ORDER BY 1", "")
	f("SELECT * FROM sql_dev ORDER BY double1", "")
	f("SELECT index2 FROM sql_dev", "Cloudflare has no column index2")
	f("SELECT count() FROM sql_dev WHERE `cloud.region` = 'x'", "Cloudflare has no column cloud.region")
	f("SELECT index2 FROM (SELECT blob1 AS index2 FROM sql_dev)", "")
	f("SELECT maxIf(double1, double2 > 0) FROM sql_dev", "no aggregate maxIf: use max and put the condition into WHERE")
}

// TestWaysOutForCloudflareAreTakenThere: what a refusal of --aesql-strict proposes is not refused in its turn.
func TestWaysOutForCloudflareAreTakenThere(t *testing.T) {
	o := options()
	o.Strict = true
	proposed := 0
	f := func(name string, cloudflare bool) {
		use, ok := strings.CutPrefix(function.Documented(name), ": use ")
		if !ok || strings.HasSuffix(use, "WHERE") {
			return
		}
		proposed++
		if cloudflare {
			t.Errorf("Cloudflare has %s", name)
		}
		_, err := build("SELECT "+use+" FROM (SELECT double1 AS a, double2 AS b, double3 AS x, blob1 AS s, blob2 AS u, "+
			"timestamp AS t, _sample_interval FROM sql_dev)", o)
		if err != nil {
			t.Errorf("in place of %s: %s: %v", name, use, err)
		}
	}
	for _, one := range function.Functions() {
		f(one.Name, one.Cloudflare)
	}
	for _, one := range aggregate.Aggregates() {
		f(one.Name, one.Cloudflare)
	}
	if proposed < 30 {
		t.Errorf("%d functions have a way out", proposed)
	}
}

// TestAnAliasIsNotProposedForItself: within what it stands for an alias is no name.
func TestAnAliasIsNotProposedForItself(t *testing.T) {
	_, err := build("SELECT city AS city FROM sql_dev", options())
	if want := "1:8: unable to find type of column: city"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
