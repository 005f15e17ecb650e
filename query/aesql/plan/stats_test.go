package plan_test

import (
	"reflect"
	"testing"

	"edgescope/query/aesql/plan"
)

func TestTheStoreGroupsWhereThatIsExact(t *testing.T) {
	f := func(text, pipes string) {
		t.Helper()
		s := planned(t, text).Stats
		if s == nil {
			t.Errorf("%s: is scanned", text)
		} else if s.Pipes != pipes {
			t.Errorf("%s:\n got %s\nwant %s", text, s.Pipes, pipes)
		}
	}
	f("SELECT count() FROM sql_dev", ` | stats by () count() as rows`)
	f("SELECT index1, blob1, count() FROM sql_dev WHERE blob2 = 'x' AND timestamp > now() - INTERVAL '1' DAY GROUP BY index1, blob1",
		` | stats by ("index1", "blob1") count() as rows`)
	f("SELECT sum(_sample_interval) FROM sql_dev",
		` | math ("_sample_interval" default 1) as f0 | stats by () count() as rows, sum(f0) as f1`)
	f("SELECT avg(double1), sum(double1) FROM sql_dev",
		` | math ("double1" default 0) as f0, abs(("double1" default 0)) as f2 | stats by () count() as rows, sum(f0) as f1, sum(f2) as f3`)
	f("SELECT sum(_sample_interval * (double1 - 2.5) / 2) FROM sql_dev",
		` | math ((("_sample_interval" default 1) * (("double1" default 0) - 2.5)) / 2) as f0, `+
			`abs(((("_sample_interval" default 1) * (("double1" default 0) - 2.5)) / 2)) as f2 `+
			`| stats by () count() as rows, sum(f0) as f1, sum(f2) as f3`)
	f("SELECT sum(double1 * -2) FROM sql_dev",
		` | math (("double1" default 0) * (0 - 2)) as f0, abs((("double1" default 0) * (0 - 2))) as f2 `+
			`| stats by () count() as rows, sum(f0) as f1, sum(f2) as f3`)
	f("SELECT min(double1), max(double1) FROM sql_dev",
		` | stats by () count() as rows, min("double1") if ("double1":*) as f0, count("double1") as f1, max("double1") if ("double1":*) as f2`)
	f("SELECT count(DISTINCT blob1) FROM sql_dev", ` | stats by () count() as rows, count_uniq("blob1") as f0, count("blob1") as f1`)
	f("SELECT countIf(blob1 = 'x'), sumIf(_sample_interval, blob1 LIKE 'a%') FROM sql_dev",
		` | math ("_sample_interval" default 1) as f1 | stats by () count() as rows, count() if ("blob1":="x") as f0, `+
			`sum(f1) if ("blob1":="a"*) as f2`)
	f("SELECT sum(duration) FROM sql_dev GROUP BY cloud.region",
		` | math ("duration" default 0) as f0, abs(("duration" default 0)) as f2 `+
			`| stats by ("cloud.region") count() as rows, sum(f0) as f1, sum(f2) as f3`)
}

func TestTheStoreGroupsByTheLongestPartOfTime(t *testing.T) {
	f := func(by, part string) {
		t.Helper()
		s := planned(t, "SELECT count() FROM sql_dev GROUP BY "+by).Stats
		switch {
		case s == nil && part != "":
			t.Errorf("%s: is scanned", by)
		case s != nil && s.Pipes != " | stats by (_time:"+part+") count() as rows":
			t.Errorf("%s: %s, want parts of %q", by, s.Pipes, part)
		}
	}
	f("toStartOfHour(timestamp)", "3600s")
	f("toStartOfFiveMinutes(timestamp), toStartOfFifteenMinutes(timestamp)", "300s")
	f("toStartOfInterval(timestamp, INTERVAL '90' SECOND), toStartOfMinute(timestamp)", "30s")
	f("toStartOfInterval(timestamp, INTERVAL '2' HOUR)", "7200s")
	f("toStartOfDay(timestamp)", "86400s")
	f("toStartOfMonth(timestamp), toStartOfWeek(timestamp)", "86400s")
	f("toHour(timestamp)", "3600s")
	f("intDiv(toUInt32(timestamp), 300) * 300", "300s")
	f("(intDiv(toUInt32(timestamp), 60) * 60) * 1000", "60s")
	f("toStartOfHour(timestamp) + INTERVAL '1' HOUR", "3600s")
	f("formatDateTime(toStartOfDay(timestamp), '%Y-%m-%d')", "86400s")
	// Shorter, on another clock, of other columns, or at the edge of nothing.
	f("timestamp", "")
	f("toSecond(timestamp)", "")
	f("toStartOfInterval(timestamp, INTERVAL '7' SECOND)", "")
	f("toStartOfHour(timestamp, 'Asia/Kolkata')", "")
	f("toStartOfDay(timestamp + INTERVAL '30' SECOND)", "")
	f("intDiv(toUInt32(timestamp), 2.5)", "")
	f("if(blob1 = 'x', toStartOfHour(timestamp), toStartOfDay(timestamp))", "")
}

func TestWhatTheStoreCanNotGroupIsScanned(t *testing.T) {
	for _, text := range []string{
		"SELECT count() FROM sql_dev WHERE double1 > 5", "SELECT count() FROM sql_dev WHERE lower(blob1) = 'x'",
		"SELECT count() FROM sql_dev WHERE blob1 = 'x' OR double1 > 5", "SELECT count() FROM sql_dev WHERE toHour(timestamp) > 5",
		"SELECT double1, count() FROM sql_dev GROUP BY double1", "SELECT lower(blob1) AS l, count() FROM sql_dev GROUP BY l",
		"SELECT quantileExactWeighted(0.5)(double1, _sample_interval) FROM sql_dev", "SELECT argMax(blob1, double1) FROM sql_dev",
		"SELECT topK(3)(blob1) FROM sql_dev", "SELECT first_value(blob1) FROM sql_dev", "SELECT max(blob1) FROM sql_dev",
		"SELECT count(DISTINCT double1) FROM sql_dev", "SELECT sum(DISTINCT double1) FROM sql_dev", "SELECT sum(1) FROM sql_dev",
		"SELECT sum(length(blob1)) FROM sql_dev", "SELECT sum(double1 / double2) FROM sql_dev", "SELECT sum(double1 / 0) FROM sql_dev",
		"SELECT sum(pow(double1, 2)) FROM sql_dev", "SELECT sum(double1 * 1e300) FROM sql_dev", "SELECT min(_sample_interval) FROM sql_dev",
		"SELECT min(double1 + 1) FROM sql_dev", "SELECT countIf(double1 > 5) FROM sql_dev", "SELECT avg(timestamp) FROM sql_dev",
		"SELECT count() FROM (SELECT blob1 FROM sql_dev)", "SELECT blob1 FROM sql_dev", "SELECT count() FROM system.tables",
	} {
		if q, err := build(text, options()); err == nil && q.Stats != nil {
			t.Errorf("%s: the store groups by %s", text, q.Stats.Pipes)
		}
	}
}

func TestDoubtIsAboutWhatIsAddedUp(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := planned(t, text).Stats.Doubt; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	f("SELECT count() FROM sql_dev", "")
	f("SELECT blob1, max(double1) FROM sql_dev GROUP BY blob1", `"double1":in("NaN","Infinity","-Infinity")`)
	f("SELECT sum(double1 * double2), sum(double1) FROM sql_dev",
		`("double1":in("NaN","Infinity","-Infinity") or "double2":in("NaN","Infinity","-Infinity"))`)
}

func TestResultsSayHowTheyAreMade(t *testing.T) {
	got := planned(t, "SELECT count(), avgIf(double1, blob1 = 'x'), max(double2) FROM sql_dev").Stats.Results
	want := []plan.Result{
		{How: plan.ByRows, Rows: plan.FieldRows},
		{How: plan.ByMean, Sum: "f1", Size: "f3", Rows: "f4"},
		{How: plan.ByGreatest, Value: "f5", Present: "f6"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
