package function

import "strings"

// instead says for functions of other dialects, by their names in lower case, what to write in their place. Names that have
// the same or a like way out share a line.
var instead = map[string]string{
	"arrayjoin":             "arrayElement(array, n): a row stays one row",
	"approx_count_distinct": "count(DISTINCT x)", "count_distinct": "count(DISTINCT x)",
	"approx_quantile": "quantileExactWeighted(q)(x, _sample_interval)",
	"percentile":      "quantileExactWeighted(q)(x, _sample_interval)",
	"percentile_cont": "quantileExactWeighted(q)(x, _sample_interval)",
	"quantileexact":   "quantileExactWeighted(q)(x, _sample_interval)",
	"quantiletdigest": "quantileExactWeighted(q)(x, _sample_interval)",
	"avgweighted":     "sum(x * weight) / sum(weight)",
	"char_length":     "length(text)", "len": "length(text)",
	"contains": "position(part IN text) > 0",
	"curdate":  "today()", "current_date": "today()",
	"current_timestamp": "now()", "getdate": "now()", "sysdate": "now()",
	"adddays": "t + INTERVAL '1' DAY", "date_add": "t + INTERVAL '1' DAY", "dateadd": "t + INTERVAL '1' DAY",
	"date_format": "formatDateTime(t, '%Y-%m-%d')", "strftime": "formatDateTime(t, '%Y-%m-%d')",
	"subtractdays": "t - INTERVAL '1' DAY", "date_sub": "t - INTERVAL '1' DAY", "unix_timestamp": "toUnixTimestamp(t)",
	"date_trunc": "toStartOfInterval(t, INTERVAL '1' HOUR)",
	"day":        "toDayOfMonth(t)", "week": "toISOWeek(t)",
	"div": "intDiv(a, b)", "mod": "a % b",
	"extractall": "splitByChar(separator, text)", "splitbystring": "splitByChar(separator, text)",
	"first": "first_value(x)", "last": "last_value(x)",
	"float": "toFloat64(x)", "int": "toInt32(x)",
	"from_unixtime": "toDateTime(seconds)", "to_timestamp": "toDateTime(seconds)",
	"group_concat": "groupArray(x)", "string_agg": "groupArray(x)",
	"iif":               "if(condition, then, else)",
	"instr":             "position(part IN text)",
	"jsonextractstring": "a column of its own for each value",
	"match":             "LIKE or ILIKE with % and _", "regexp_match": "LIKE or ILIKE with % and _",
	"max_by": "argMax(x, by)", "min_by": "argMin(x, by)",
	"mid":       "substring(text, from, length)",
	"nvl":       "ifNull(a, b)",
	"quantiles": "quantileExactWeighted(q)(x, _sample_interval), once for each q",
	"square":    "pow(x, 2)",
	"stddev":    "sqrt(avg(x * x) - avg(x) * avg(x))", "stddevpop": "sqrt(avg(x * x) - avg(x) * avg(x))",
	"totimezone": "toDateTime(t, zone), or the zone behind t: toHour(t, zone)",
	"truncate":   "floor(x, n)",
	"variance":   "avg(x * x) - avg(x) * avg(x)", "varpop": "avg(x * x) - avg(x) * avg(x)",
}

// documented says for functions and aggregates that Cloudflare does not have what it takes in their place: of columns a,
// b and x, texts s and u, and the time t.
var documented = map[string]string{
	"greatest": "if(a > b, a, b)", "least": "if(a < b, a, b)",
	"multiIf": "if(a > 1, 'x', if(a > 0, 'y', 'z'))", "nullIf": "if(b = 0, 0, a / b)",
	"coalesce": "if(s != '', s, u)", "ifNull": "if(s != '', s, u)", "notEmpty": "NOT empty(s)",
	"concat": "format('{}{}', s, u)", "toString": "format('{}', x)",
	"log2": "log(x) / log(2)", "log10": "log(x) / log(10)", "exp": "pow(2.718281828459045, x)", "sqrt": "pow(x, 0.5)",
	"abs": "if(x < 0, -x, x)", "isNaN": "x != x",
	"date_part": "extract(HOUR FROM t)", "dateDiff": "toUnixTimestamp(t) - toUnixTimestamp(t - INTERVAL '1' DAY)",
	"toQuarter": "intDiv(toMonth(t) + 2, 3)", "toISOWeek": "formatDateTime(t, '%V')",
	"toISOYear": "formatDateTime(t, '%G')", "toDayOfYear": "formatDateTime(t, '%j')",
	"toYYYYMMDD":       "formatDateTime(t, '%Y%m%d')",
	"toStartOfQuarter": "toStartOfInterval(t, INTERVAL '3' MONTH)",
	"toStartOfSecond":  "toStartOfInterval(t, INTERVAL '1' SECOND)",
	"toDate":           "toStartOfDay(t)", "toDateTime64": "toDateTime(t)",
	"toUInt16": "toUInt32(x)", "toUInt64": "toUInt32(x)", "toInt32": "floor(x)", "toInt64": "floor(x)",
	"any": "first_value(x)", "uniq": "count(DISTINCT x)",
	"quantile":   "quantileExactWeighted(0.5)(x, _sample_interval)",
	"groupArray": "topK(10)(x)", "groupUniqArray": "topK(10)(x)",
}

// Documented returns, as it stands behind a message, what Cloudflare takes in place of a function or an aggregate that it
// does not have, "" where there is nothing.
func Documented(name string) string {
	if use := documented[name]; use != "" {
		return ": use " + use
	}
	if plain, conditional := strings.CutSuffix(name, "If"); conditional {
		return ": use " + plain + " and put the condition into WHERE"
	}
	return ""
}

// wayOut is what to write in place of a function that there is not, "" where nobody knows.
func wayOut(name string) string {
	if use := instead[strings.ToLower(name)]; use != "" {
		return ": use " + use
	}
	return ""
}
