package function_test

import (
	"strings"
	"testing"

	"edgescope/query/aesql/function"
)

func TestErrorsSayTheWayOut(t *testing.T) {
	f := func(text, part string) {
		t.Helper()
		refused(t, text, part)
	}
	f("toYear(5)", "toYear: argument 1 is UInt8: a time is needed: convert it with toDateTime(x)")
	f("toYear()", "toYear takes 1 to 2 arguments, not 0: toYear(t[, tz])")
	f("today(1)", "today takes no arguments, not 1")
	f("multiIf(1, 2)", "multiIf takes at least 3 arguments, not 2")
	f("concat()", "concat takes at least 1 argument, not 0")
	f("intDiv(1)", "intDiv takes 2 arguments, not 1: intDiv(a, b)")
	f("length(5)", "length: argument 1 is UInt8: a text is needed: convert it with toString(x)")
	f("'a' + 1", "plus: argument 1 is String: a number is needed: convert it with toFloat64(x)")
	f("log(now())", "a number is needed: convert it with toUnixTimestamp(x)")
	f("now() + 'a'", "an INTERVAL or a number of seconds is needed")
	f("intDiv(1, 0)", "division by zero: ask for it first")
	f("7 % 0", "division by zero")
	f("7.5 % 0", "division by zero")
	f("intDiv(7.5, 0)", "division by zero")
	f("if('a', 1, 2)", "a condition is needed")
	f("if(1, 'a', 2)", "if: no type holds both")
	f("multiIf(1, 2, 3, 4)", "conditions and values come in pairs")
	f("toDateTime('2026-11-30T10:00:00Z')", "ISO 8601 is not supported")
	f("toDateTime('2026-13-30 10:00:00')", `"2026-13-30 10:00:00" is no DateTime`)
	f("toDateTime(1, 'Europe/Lisboa')", "unknown timezone \"Europe/Lisboa\": SHOW TIMEZONES lists them")
	f("toDateTime(1, 'lisbon')", `unknown timezone "lisbon" (did you mean "Europe/Lisbon"?)`)
	f("toDateTime(1, 'europe/lisbon')", `did you mean "Europe/Lisbon"?`)
	f("toDateTime(1, '')", "unknown timezone")
	f("toDateTime(1, 'Local')", "unknown timezone")
	f("toDateTime(1, 'posix/Europe/Lisbon')", "unknown timezone")
	f("toFloat64('x')", `"x" is no Float64: toFloat64OrZero(x) makes it 0`)
	f("toDateTime(1, '../../etc/passwd')", "unknown timezone")
	f("toDateTime(1, concat('U', toString(toDateTime64(now(), 3))))", "unknown timezone")
	f("toStartOfInterval(now(), 5)", "an interval that is the same for all rows is needed: INTERVAL '5' MINUTE")
	f("toStartOfInterval(now(), INTERVAL 0 DAY)", "an interval of 0 is too short")
	f("formatDateTime(now(), '%E')", `formatDateTime: there is no code "%E": take one of %a`)
	f("formatDateTime(now(), '%ä')", `there is no code "%ä"`)
	f("formatDateTime(now(), '100%')", "the format ends with %")
	f("format('{', 1)", "a brace at character 1 has no partner")
	f("format('{}{}', 1)", "there is no value 1 for \"{}\": it has 1")
	f("format('{x}', 1)", "the number of a value is expected")
	f("bitShiftLeft(1, -1)", "the number of places must not be negative")
	f("toUInt8('abc')", `"abc" is no UInt8`)
	f("toUInt8('300')", `"300" is no UInt8`)
	f("toInt64(1e300)", "1e300 is no integer of 64 bits")
	f("toUInt32(0 / 0)", "nan is no integer")
	f("toFloat64('1_000')", `"1_000" is no Float64`)
	f("toFloat64('0x10')", `"0x10" is no Float64`)
	f("toFloat64('')", `"" is no Float64`)
	f("toDateTime64(1, 10)", "a number of decimal places from 0 to 9 is needed")
	f("'a' = [1]", "equals: String and Array(UInt8) do not compare")
	f("splitByChar('ab', 'c')", "a separator of one character is needed")
	f("tupleElement((1, 2), 3)", "the number of an element is needed, 1 to 2")
	f("neighbor(1, 1)", "how many rows back is needed")
	f("date_part('century', now())", `there is no unit "century"`)
	f("INTERVAL 1 DAY < INTERVAL 2 DAY", "intervals have no order")
	f("toYeer(now())", `unknown function call: TOYEER (did you mean "toYear"?)`)
	f("frobnicate(1)", "unknown function call: FROBNICATE")
}

func TestTextsOfRowsThatAreNumbersHaveToBeConverted(t *testing.T) {
	refusedIn(t, world{columns: columns}, "blob = 5", "String and UInt8 do not compare: write the number in quotes, or convert")
	refusedIn(t, world{columns: columns}, "blob IN (1, 2)", "do not compare")
	refusedIn(t, world{columns: columns}, "splitByChar(blob, 'a')", "it must be a text that is the same for all rows")
}

func TestUnknownKnowsAggregates(t *testing.T) {
	if err := function.Unknown("summ", "sum", "count"); !strings.Contains(err.Error(), `did you mean "sum"?`) {
		t.Error(err)
	}
}
