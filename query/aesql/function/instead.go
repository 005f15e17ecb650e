package function

import "strings"

// instead says for functions of other dialects, by their names in lower case, what to write in their place.
var instead = map[string]string{
	"arrayjoin":             "arrayElement(array, n): a row stays one row",
	"approx_count_distinct": "count(DISTINCT x)",
	"approx_quantile":       "quantileExactWeighted(q)(x, _sample_interval)",
	"avgweighted":           "sum(x * weight) / sum(weight)",
	"char_length":           "length(text)",
	"contains":              "position(part IN text) > 0",
	"count_distinct":        "count(DISTINCT x)",
	"curdate":               "today()",
	"current_date":          "today()",
	"current_timestamp":     "now()",
	"date_add":              "t + INTERVAL '1' DAY",
	"date_format":           "formatDateTime(t, '%Y-%m-%d')",
	"date_sub":              "t - INTERVAL '1' DAY",
	"date_trunc":            "toStartOfInterval(t, INTERVAL '1' HOUR)",
	"dateadd":               "t + INTERVAL '1' DAY",
	"day":                   "toDayOfMonth(t)",
	"div":                   "intDiv(a, b)",
	"extractall":            "splitByChar(separator, text)",
	"first":                 "first_value(x)",
	"float":                 "toFloat64(x)",
	"from_unixtime":         "toDateTime(seconds)",
	"getdate":               "now()",
	"group_concat":          "groupArray(x)",
	"iif":                   "if(condition, then, else)",
	"instr":                 "position(part IN text)",
	"int":                   "toInt32(x)",
	"jsonextractstring":     "a column of its own for each value",
	"last":                  "last_value(x)",
	"len":                   "length(text)",
	"match":                 "LIKE or ILIKE with % and _",
	"max_by":                "argMax(x, by)",
	"mid":                   "substring(text, from, length)",
	"min_by":                "argMin(x, by)",
	"mod":                   "a % b",
	"nvl":                   "ifNull(a, b)",
	"percentile":            "quantileExactWeighted(q)(x, _sample_interval)",
	"percentile_cont":       "quantileExactWeighted(q)(x, _sample_interval)",
	"quantileexact":         "quantileExactWeighted(q)(x, _sample_interval)",
	"quantiles":             "quantileExactWeighted(q)(x, _sample_interval), once for each q",
	"quantiletdigest":       "quantileExactWeighted(q)(x, _sample_interval)",
	"regexp_match":          "LIKE or ILIKE with % and _",
	"square":                "pow(x, 2)",
	"strftime":              "formatDateTime(t, '%Y-%m-%d')",
	"string_agg":            "groupArray(x)",
	"sysdate":               "now()",
	"to_timestamp":          "toDateTime(seconds)",
	"truncate":              "floor(x, n)",
	"unix_timestamp":        "toUnixTimestamp(t)",
	"week":                  "toISOWeek(t)",
}

// wayOut is what to write in place of a function that there is not, "" where nobody knows.
func wayOut(name string) string {
	if use := instead[strings.ToLower(name)]; use != "" {
		return ": use " + use
	}
	return ""
}
