package function_test

import (
	"strings"
	"testing"

	"edgescope/query/aesql/function"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

// examples have a call of every function that is written as one, and its answer.
var examples = map[string]string{
	"abs(-5)":                               "5",
	"array(1, 2)":                           "[1,2]",
	"arrayElement([5, 6], 2)":               "6",
	"bin(5)":                                "00000101",
	"bitAnd(6, 3)":                          "2",
	"bitCount(7)":                           "3",
	"bitHammingDistance(1, 2)":              "2",
	"bitNot(1)":                             "254",
	"bitOr(4, 1)":                           "5",
	"bitRotateLeft(129, 1)":                 "3",
	"bitRotateRight(129, 1)":                "192",
	"bitShiftLeft(3, 2)":                    "12",
	"bitShiftRight(12, 2)":                  "3",
	"bitTest(4, 2)":                         "1",
	"bitXor(5, 1)":                          "4",
	"ceil(1.2)":                             "2",
	"coalesce(NULL, 'b')":                   "b",
	"concat('a', 'b')":                      "ab",
	"dateDiff('hour', ts, ts + 7200)":       "2",
	"date_part('year', ts)":                 "2023",
	"empty('')":                             "1",
	"endsWith('abc', 'bc')":                 "1",
	"exp(0)":                                "1",
	"floor(1.8)":                            "1",
	"format('{}!', 'hi')":                   "hi!",
	"formatDateTime(ts, '%Y')":              "2023",
	"greatest(1, 3, 2)":                     "3",
	"has(['a', 'b'], 'b')":                  "1",
	"hex('a')":                              "61",
	"if(1, 'y', 'n')":                       "y",
	"ifNull(NULL, 3)":                       "3",
	"intDiv(17, 5)":                         "3",
	"isFinite(1)":                           "1",
	"isInfinite(1)":                         "0",
	"isNaN(1)":                              "0",
	"isNotNull(1)":                          "1",
	"isNull(1)":                             "0",
	"least(3, 1, 2)":                        "1",
	"length('äö')":                          "2",
	"log(1)":                                "0",
	"log10(100)":                            "2",
	"log2(4)":                               "2",
	"lower('AÄ')":                           "aÄ",
	"lowerUTF8('AÄ')":                       "aä",
	"multiIf(0, 'a', 1, 'b', 'c')":          "b",
	"neighbor(5, -1)":                       "0",
	"notEmpty('')":                          "0",
	"now()":                                 "2026-11-30 20:15:30",
	"nullIf('a', 'b')":                      "a",
	"position('abc', 'c')":                  "3",
	"pow(2, 3)":                             "8",
	"round(2.5)":                            "2",
	"runningDifference(5)":                  "0",
	"splitByChar(' ', 'a b')":               "['a','b']",
	"sqrt(9)":                               "3",
	"startsWith('abc', 'ab')":               "1",
	"substring('abc', 2, 1)":                "b",
	"timezone()":                            "Etc/UTC",
	"toDate(ts)":                            "2023-11-14",
	"toDateTime(0)":                         "1970-01-01 00:00:00",
	"toDateTime64(0, 3)":                    "1970-01-01 00:00:00.000",
	"toDayOfMonth(ts)":                      "14",
	"toDayOfWeek(ts)":                       "2",
	"toDayOfYear(ts)":                       "318",
	"toFloat64('1.5')":                      "1.5",
	"toFloat64OrNull('x')":                  "NULL",
	"toFloat64OrZero('x')":                  "0",
	"toHour(ts)":                            "22",
	"toISOWeek(ts)":                         "46",
	"toISOYear(ts)":                         "2023",
	"toInt16('-5')":                         "-5",
	"toInt16OrNull('x')":                    "NULL",
	"toInt16OrZero('x')":                    "0",
	"toInt32('-5')":                         "-5",
	"toInt32OrNull('x')":                    "NULL",
	"toInt32OrZero('x')":                    "0",
	"toInt64('-5')":                         "-5",
	"toInt64OrNull('x')":                    "NULL",
	"toInt64OrZero('x')":                    "0",
	"toInt8('-5')":                          "-5",
	"toInt8OrNull('x')":                     "NULL",
	"toInt8OrZero('x')":                     "0",
	"toIntervalDay(2)":                      "2",
	"toIntervalHour(2)":                     "2",
	"toIntervalMillisecond(2)":              "2",
	"toIntervalMinute(2)":                   "2",
	"toIntervalMonth(2)":                    "2",
	"toIntervalQuarter(2)":                  "2",
	"toIntervalSecond(2)":                   "2",
	"toIntervalWeek(2)":                     "2",
	"toIntervalYear(2)":                     "2",
	"toMinute(ts)":                          "13",
	"toMonth(ts)":                           "11",
	"toQuarter(ts)":                         "4",
	"toSecond(ts)":                          "20",
	"toStartOfDay(ts)":                      "2023-11-14 00:00:00",
	"toStartOfFifteenMinutes(ts)":           "2023-11-14 22:00:00",
	"toStartOfFiveMinutes(ts)":              "2023-11-14 22:10:00",
	"toStartOfHour(ts)":                     "2023-11-14 22:00:00",
	"toStartOfInterval(ts, INTERVAL 1 DAY)": "2023-11-14 00:00:00",
	"toStartOfMinute(ts)":                   "2023-11-14 22:13:00",
	"toStartOfMonth(ts)":                    "2023-11-01 00:00:00",
	"toStartOfQuarter(ts)":                  "2023-10-01 00:00:00",
	"toStartOfSecond(ts)":                   "2023-11-14 22:13:20",
	"toStartOfTenMinutes(ts)":               "2023-11-14 22:10:00",
	"toStartOfWeek(ts)":                     "2023-11-13 00:00:00",
	"toStartOfYear(ts)":                     "2023-01-01 00:00:00",
	"toString(5)":                           "5",
	"toTypeName(5)":                         "UInt8",
	"toUInt16('5')":                         "5",
	"toUInt16OrNull('x')":                   "NULL",
	"toUInt16OrZero('x')":                   "0",
	"toUInt32('5')":                         "5",
	"toUInt32OrNull('x')":                   "NULL",
	"toUInt32OrZero('x')":                   "0",
	"toUInt64('5')":                         "5",
	"toUInt64OrNull('x')":                   "NULL",
	"toUInt64OrZero('x')":                   "0",
	"toUInt8('5')":                          "5",
	"toUInt8OrNull('x')":                    "NULL",
	"toUInt8OrZero('x')":                    "0",
	"toUnixTimestamp(ts)":                   "1700000000",
	"toYYYYMM(ts)":                          "202311",
	"toYYYYMMDD(ts)":                        "20231114",
	"toYear(ts)":                            "2023",
	"today()":                               "2026-11-30",
	"tuple(1, 'a')":                         "(1,'a')",
	"tupleElement((1, 'a'), 2)":             "a",
	"upper('aä')":                           "Aä",
	"upperUTF8('aä')":                       "AÄ",
}

// Every function has an example, which gives the type that its description says.
func TestEveryFunctionHasAnExample(t *testing.T) {
	had := map[*function.Function]bool{}
	for text, want := range examples {
		typ, got, err := world{columns: columns}.ask(text)
		if err != nil || got != want {
			t.Errorf("%s: %q (%v), want %q", text, got, err, want)
			continue
		}
		s, err := grammar.Parse("SELECT " + text)
		if err != nil {
			t.Fatal(err)
		}
		f := function.Lookup(s.Select.Items[0].Expr.(*grammar.Call).Name)
		had[f] = true
		if described := f.Result; !strings.Contains(described, " ") && described != "Array" && described != "Tuple" &&
			described != typ.String() && !strings.HasPrefix(typ.String(), described+"(") {
			t.Errorf("%s is a %s, and is described as %s", text, typ, described)
		}
	}
	for _, f := range function.Functions() {
		if !had[f] && !f.Operator && f.Name != "arrayMap" { // whose lambda the plan binds
			t.Errorf("%s has no example", f.Name)
		}
	}
}

// An alias is the same function.
func TestAliases(t *testing.T) {
	f := func(alias, name string) {
		t.Helper()
		if function.Lookup(alias) == nil || function.Lookup(alias) != function.Lookup(name) {
			t.Errorf("%s is not %s", alias, name)
		}
	}
	f("ln", "log")
	f("power", "pow")
	f("ceiling", "ceil")
	f("lengthUTF8", "length")
	f("isEmpty", "empty")
	f("toLower", "lowerUTF8")
	f("toUpper", "upperUTF8")
	f("strpos", "position")
	f("substr", "substring")
	f("toMonday", "toStartOfWeek")
	f("toStartOfFiveMinute", "toStartOfFiveMinutes")
	f("date_diff", "dateDiff")
	if function.Lookup("") != nil {
		t.Error("there is a function without a name")
	}
}

// now and today are of the question, not of the clock on the wall.
func TestNowIsTheQuestions(t *testing.T) {
	for _, name := range []string{"now", "today"} {
		b, err := function.Lookup(name).Bind(env, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, err := b.Eval(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Type.Second(v, value.Of(value.DateTime)); got > env.Now.Unix() || got <= env.Now.Unix()-value.DaySeconds {
			t.Errorf("%s() is %d, want %d", name, got, env.Now.Unix())
		}
	}
}
