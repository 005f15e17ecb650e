package tables

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
)

// FuzzQuoting holds that a value can't leave its quotes: what the engines read back is the value, and the text around
// it is what it is for any other value. Both engines read quoted text with strconv.Unquote.
func FuzzQuoting(f *testing.F) {
	for _, s := range []string{
		`a`, `"`, `\`, `\"`, `") or *`, "`", "\x00", "\xff\"", "a\nb | delete", `'`, `*`, "é", `{}|:=,()`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			t.Skip("Parse refuses it")
		}
		text := LogsQL([]filter.Condition{{Key: edge.KeyRoute, Patterns: []filter.Pattern{{value}}}})[0]
		inner := strings.TrimSuffix(strings.TrimPrefix(text, `("http.route":=`), `)`)
		if got, err := strconv.Unquote(inner); err != nil || got != value {
			t.Fatalf("LogsQL of %q is %s: reads as %q, %v", value, text, got, err)
		}
		if quoted, err := strconv.QuotedPrefix(inner); err != nil || quoted != inner {
			t.Fatalf("LogsQL of %q goes on after its quotes: %s", value, text)
		}
		m := filter.OneOf(edge.LabelRoute, []string{value})
		inner = strings.TrimPrefix(m, edge.LabelRoute+"=~")
		quoted, err := strconv.QuotedPrefix(inner)
		if err != nil || quoted != inner {
			t.Fatalf("MetricsQL of %q goes on after its quotes: %s", value, m)
		}
		pattern, _ := strconv.Unquote(inner)
		if re, err := regexp.Compile("^(?:" + pattern + ")$"); err != nil || !re.MatchString(value) {
			t.Fatalf("MetricsQL of %q: %s does not match it: %v", value, m, err)
		}
	})
}

func TestFiltersInBothTongues(t *testing.T) {
	f := func(q query.Question, wantLogs string) {
		t.Helper()
		c, err := q.Conditions()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(LogsQL(c), " "); got != wantLogs {
			t.Errorf("%v: got  %s\nwant %s", q.Values(), got, wantLogs)
		}
	}
	f(query.Question{Region: []string{"FRA", "SIN", "-IAD"}},
		`("cloud.region":="FRA" or "cloud.region":="SIN") !("cloud.region":="IAD")`)
	f(query.Question{Status: []string{"404", "5xx"}},
		`("http.response.status_code":="404" or "http.response.status_code":="5"*)`)
	f(query.Question{Cold: []string{"unknown"}}, `("faas.coldstart":="unknown" or "faas.coldstart":="")`)
	f(query.Question{Text: "route:/img/*"}, `("http.route":="/img/"*)`)
	f(query.Question{Text: `-route:*.png`}, `!("http.route":~"(?s)^.*\\.png$")`)
	f(query.Question{Text: `name:"a b"`}, `("name":="a b")`)
	f(query.Question{Route: []string{"/img/*"}}, `("http.route":="/img/*")`)
	f(query.Question{Text: "operation:resize"},
		`("edge.operation":="resize" or ("edge.operation":="" "http.route":="resize") or `+
			`("edge.operation":="" "http.route":="" "name":="resize"))`)
	f(query.Question{Text: "-operation:unknown"},
		`!("edge.operation":="unknown" or ("edge.operation":="" "http.route":="unknown") or `+
			`("edge.operation":="" "http.route":="" "name":="unknown") or ("edge.operation":="" "http.route":="" "name":=""))`)
	f(query.Question{Text: "my.key:*"}, `("my.key":*)`)
	f(query.Question{Text: `-my.key:"*"`}, `!("my.key":*)`)
	f(query.Question{Text: "my.key:**"}, `("my.key":*)`)
	f(query.Question{Text: `my.key:"\*"`}, `("my.key":="*")`)
	f(query.Question{Text: `my.key:""`}, `("my.key":="")`)
	f(query.Question{Text: `-region:""`}, `!("cloud.region":="")`)
	f(query.Question{Text: "region:FRA -region:IAD cloud.region:SI* -region:GRU"},
		`("cloud.region":="FRA" or "cloud.region":="SI"*) !("cloud.region":="IAD" or "cloud.region":="GRU")`)
	f(query.Question{Region: []string{"FRA"}, Text: "region:SIN"}, `("cloud.region":="FRA") ("cloud.region":="SIN")`)
	f(query.Question{Text: "status:404 status:5xx"},
		`("http.response.status_code":="404" or "http.response.status_code":="5"*)`)
	f(query.Question{Text: "*"}, `(*)`)
	f(query.Question{Text: "img"},
		`("name":~"(?s)^.*img.*$" or "http.route":~"(?s)^.*img.*$" or "url.path":~"(?s)^.*img.*$")`)
}
