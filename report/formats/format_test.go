package formats_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"edgescope/load"
	"edgescope/report"
	"edgescope/report/formats"
	"edgescope/report/reporttest"
	"edgescope/scenarios/plan"
)

// element is a part of the JUnit schema: which attributes an element has (true: it must), which children in which
// order, and whether it holds text. It is the common ground of Jenkins' junit-10.xsd, Ant's and GitLab's readers.
type element struct {
	attributes map[string]string // name -> pattern; one that begins with ! is required
	children   []string
	most       map[string]int // how many of a child
	text       bool
}

var (
	anyText   = `(?s).+`
	number    = `\d+`
	seconds   = `\d+\.\d{3}`
	problem   = element{attributes: map[string]string{"type": anyText, "message": "!" + anyText}, text: true}
	junitRule = map[string]element{
		"testsuites": {attributes: map[string]string{
			"name": anyText, "time": seconds, "tests": number,
			"failures": number, "errors": number,
		}, children: []string{"testsuite"}},
		"testsuite": {
			attributes: map[string]string{
				"name": "!" + anyText, "tests": "!" +
					number, "failures": number, "errors": number, "skipped": number, "time": seconds,
				"timestamp": `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`,
			},
			children: []string{"properties", "testcase"}, most: map[string]int{"properties": 1},
		},
		"properties": {children: []string{"property"}},
		"property":   {attributes: map[string]string{"name": "!" + anyText, "value": "!" + anyText}},
		"testcase": {
			attributes: map[string]string{"name": "!" + anyText, "classname": "!" + anyText, "time": seconds},
			children:   []string{"skipped", "error", "failure"}, most: map[string]int{
				"skipped": 1, "error": 1,
				"failure": 1,
			},
		},
		"skipped": problem, "error": problem, "failure": problem,
	}
)

type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

// valid lists what of a tree is not as the schema says.
func valid(n *node) (faults []string) {
	name := n.XMLName.Local
	rule, known := junitRule[name]
	if !known {
		return []string{"unknown element " + name}
	}
	seen := map[string]bool{}
	for _, a := range n.Attrs {
		pattern, ok := rule.attributes[a.Name.Local]
		seen[a.Name.Local] = true
		if !ok || !regexp.MustCompile("^(?:"+strings.TrimPrefix(pattern, "!")+")$").MatchString(a.Value) {
			faults = append(faults, fmt.Sprintf("%s has %s=%q", name, a.Name.Local, a.Value))
		}
	}
	for attribute, pattern := range rule.attributes {
		if strings.HasPrefix(pattern, "!") && !seen[attribute] {
			faults = append(faults, name+" lacks "+attribute)
		}
	}
	if !rule.text && strings.TrimSpace(n.Text) != "" {
		faults = append(faults, fmt.Sprintf("%s holds the text %q", name, n.Text))
	}
	return append(faults, validChildren(n, &rule)...)
}

func validChildren(n *node, rule *element) (faults []string) {
	at, counts := 0, map[string]int{}
	for i := range n.Children {
		child := n.Children[i].XMLName.Local
		counts[child]++
		for at < len(rule.children) && rule.children[at] != child {
			at++
		}
		if most, bounded := rule.most[child]; at == len(rule.children) || bounded && counts[child] > most {
			faults = append(faults, fmt.Sprintf("%s stands at a wrong place in %s", child, n.XMLName.Local))
			at = 0
		}
		faults = append(faults, valid(&n.Children[i])...)
	}
	return faults
}

func parseXML(t *testing.T, text string) *node {
	t.Helper()
	var root node
	if err := xml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatalf("no XML: %v\n%s", err, text)
	}
	return &root
}

func TestTheSchemaCheckFindsFaults(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := strings.Join(valid(parseXML(t, text)), "; "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	f(`<testsuites/>`, "")
	f(`<testsuites><testsuite name="a" tests="x"/></testsuites>`, `testsuite has tests="x"`)
	f(`<testsuite name="a" tests="1"><testcase name="a"/></testsuite>`, "testcase lacks classname")
	f(`<testsuite name="a" tests="1"><testcase name="a" classname="b"/><properties/></testsuite>`,
		"properties stands at a wrong place in testsuite")
	f(`<testcase name="a" classname="b"><failure message="x">why</failure>no</testcase>`,
		`testcase holds the text "no"`)
	f(`<testcase name="a" classname="b"><failure message="x"/><failure message="y"/></testcase>`,
		"failure stands at a wrong place in testcase")
	f(`<wrong/>`, "unknown element wrong")
}

func TestJUnitIsValidAndCountsWhatFailed(t *testing.T) {
	var buf bytes.Buffer
	if err := formats.JUnit(&buf, reporttest.ShopReport(t)); err != nil {
		t.Fatal(err)
	}
	root := parseXML(t, buf.String())
	if faults := valid(root); len(faults) > 0 {
		t.Errorf("faults: %q\n%s", faults, buf.String())
	}
	reporttest.Golden(t, "junit.golden.xml", buf.Bytes())
	counts := map[string]int{}
	var walk func(*node)
	walk = func(n *node) {
		counts[n.XMLName.Local]++
		for i := range n.Children {
			walk(&n.Children[i])
		}
	}
	walk(root)
	attr := func(name string) string {
		for _, a := range root.Attrs {
			if a.Name.Local == name {
				return a.Value
			}
		}
		return ""
	}
	if got := fmt.Sprint(counts["testcase"], counts["failure"],
		counts["error"]); got != attr("tests")+" "+attr("failures")+" "+attr("errors") {
		t.Errorf("cases, failures and errors are %s, the root says %s %s %s", got, attr("tests"), attr("failures"),
			attr("errors"))
	}
}

func TestMarkdownBeginsWithTheVerdict(t *testing.T) {
	var buf bytes.Buffer
	if err := formats.Markdown(&buf, reporttest.ShopReport(t)); err != nil {
		t.Fatal(err)
	}
	if want := "## shop &lt;nightly> &amp; more: FAILED\n"; !strings.HasPrefix(buf.String(), want) {
		t.Errorf("begins with %.60q, want %q", buf.String(), want)
	}
	if strings.Contains(buf.String(), "<b>") || !strings.Contains(buf.String(), `few ports \| &lt;b>`) {
		t.Error("a name from outside is read as Markdown")
	}
	reporttest.Golden(t, "report.golden.md", buf.Bytes())
}

func TestCSVHoldsEveryFigure(t *testing.T) {
	r := reporttest.ShopReport(t)
	r.Edgescope.Run.Regions[0].Name = "=cmd()"
	var buf bytes.Buffer
	if err := formats.CSV(&buf, r); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&buf).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[[3]string]string{}
	for _, row := range rows[1:] {
		key := [3]string{row[0], row[1], row[2]}
		if _, twice := got[key]; twice {
			t.Errorf("%v stands twice", key)
		}
		got[key] = row[3]
	}
	f := func(section, name, metric, want string) {
		t.Helper()
		if value := got[[3]string{section, name, metric}]; value != want {
			t.Errorf("%s %s %s is %q, want %q", section, name, metric, value, want)
		}
	}
	f("run", "verdict", "", "failed")
	f("counter", "http.requests", "", "48")
	f("rate", "http.request_rate", "", "4.2")
	f("summary", "edgescope.response_time", "count", "47")
	f("expectation", "header x-cache-status values equals", "failed", "1")
	f("step", "buy/order", "requests", "24")
	f("step", "buy/order", "failed", "1")
	f("region", "'=cmd()", "requests", "12")
	f("point", "3", "requests", "4")
	if len(got) < len(r.Aggregate.Counters)+10*len(r.Aggregate.Summaries) {
		t.Errorf("%d rows are too few", len(got))
	}
}

func TestAnnotationsEscapeWorkflowCommands(t *testing.T) {
	r := reporttest.ShopReport(t)
	r.Edgescope.Run.Name = "a,b: c"
	var buf bytes.Buffer
	if err := formats.Annotations(&buf, r); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(buf.String()), "\n")
	command := regexp.MustCompile(`^::(error|warning|notice) title=[^:,\n]+::.+$`)
	for _, line := range lines {
		if !command.MatchString(line) {
			t.Errorf("%q is no workflow command", line)
		}
	}
	for _, want := range []string{
		"::error title=a%2Cb%3A c%3A header x-cache-status values equals::1 of 24 failed",
		"<b>100%25</b>, say",
	} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%q is missing in\n%s", want, buf.String())
		}
	}
	good := reporttest.Counted(t, "", 3, nil)
	v := good.Judge(report.Outcome{})
	buf.Reset()
	if err := formats.Annotations(&buf, good.Report(report.RunInfo{Name: "x"},
		reporttest.New(t, reporttest.Shop).Ended(), &v)); err != nil {
		t.Fatal(err)
	}
	if want := "::notice title=x::passed: 3 at "; !strings.HasPrefix(buf.String(), want) {
		t.Errorf("%q, want %s", buf.String(), want)
	}
}

func TestPageLoadsNothingAndShowsAll(t *testing.T) {
	var buf bytes.Buffer
	r := reporttest.ShopReport(t)
	if err := formats.HTML(&buf, r); err != nil {
		t.Fatal(err)
	}
	text := buf.String()
	loads := regexp.MustCompile(`(?i)( src=| href=| action=|url\(|@import|<script|<link|<iframe|<img)`)
	if m := loads.FindString(text); m != "" {
		t.Errorf("the page holds %q: it may load something", m)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	f := func(selector, want string) {
		t.Helper()
		if got := doc.Find(selector).Text(); !strings.Contains(got, want) {
			t.Errorf("%s is %q, want %q in it", selector, got, want)
		}
	}
	f("h1", "shop <nightly> & more: failed")
	f("p.optional", "few ports | <b>100%</b>, say")
	f("h2", "Charts")
	f("td", "http.respnse_time.p99 < 9")
	f("td", "buy/order")
	f("td", "ETIMEDOUT")
	f("td", "FRA")
	f("h2", "Generator health: valid")
	if n := doc.Find("figure svg[role=img] > title").Length(); n != 3 {
		t.Errorf("%d charts with a description, want 3", n)
	}
	if bytes.Contains(buf.Bytes(), []byte("NaN")) || bytes.Contains(buf.Bytes(), []byte("Inf")) {
		t.Error("a figure of the page is no number")
	}
}

// Thresholds of the headline are drawn in the chart, unless they lie far above it.
func TestChartShowsTheLimits(t *testing.T) {
	r := reporttest.ShopReport(t)
	draw := func(limit float64) string {
		r.Edgescope.Ensure = []plan.CheckSource{
			{Metric: "edgescope.response_time.p95", Max: limit}, {
				Metric: "edgescope.response_time.count",
				Max:    1,
			}, {Metric: "http.codes.500", Max: 2},
		}
		var buf bytes.Buffer
		if err := formats.HTML(&buf, r); err != nil {
			t.Fatal(err)
		}
		return buf.String()
	}
	if page := draw(9); strings.Count(page, `class="limit"`) != 1 || !strings.Contains(page, "limit of p95 9\u00a0ms") {
		t.Error("the limit of p95 is not drawn, or more than it")
	}
	if page := draw(5000); strings.Contains(page, `class="limit"`) {
		t.Error("a limit far above all is drawn")
	}
}

// The chart of quantiles needs enough answers to have a tail, and goes as far as they do.
func TestChartOfQuantiles(t *testing.T) {
	f := func(answers int, want ...string) {
		t.Helper()
		s := reporttest.Counted(t, "", answers, nil)
		s.Close()
		v := s.Judge(report.Outcome{})
		r := reporttest.ThroughFile(t, s.Report(report.RunInfo{}, time.Date(2026, 11, 20, 12, 0, 10, 0, time.UTC), &v))
		var buf bytes.Buffer
		if err := formats.HTML(&buf, r); err != nil {
			t.Fatal(err)
		}
		has := strings.Contains(buf.String(), "Response time by quantile")
		if has != (len(want) > 0) {
			t.Errorf("%d answers: a chart is drawn: %v", answers, has)
		}
		for _, mark := range want {
			if !strings.Contains(buf.String(), ">"+mark+"</text>") {
				t.Errorf("%d answers: no mark at %s", answers, mark)
			}
		}
	}
	f(50)
	f(1000, "0 %", "50 %", "90 %", "99 %", "99.9 %")
}

// Every format can be made of every run, also of one that did nothing.
func TestFormatsTakeAnyRun(t *testing.T) {
	f := func(what string, s *report.Summary, o report.Outcome) {
		t.Helper()
		v := s.Judge(o)
		if len(o.Warnings) > 0 {
			v = v.With(&report.Comparison{Verdict: report.NotComparable, Reasons: []string{"the scripts differ"}})
		}
		r := reporttest.ThroughFile(t, s.Report(report.RunInfo{Name: what}, reporttest.New(t, reporttest.Shop).Ended(),
			&v))
		for _, file := range formats.Files() {
			var buf bytes.Buffer
			if err := file.Write(&buf, r); err != nil || buf.Len() == 0 {
				t.Errorf("%s as %s: %d bytes, %v", what, file.Name, buf.Len(), err)
			}
			if file.Name == "junit" {
				if faults := valid(parseXML(t, buf.String())); len(faults) > 0 {
					t.Errorf("%s: %q", what, faults)
				}
			}
		}
	}
	empty := reporttest.New(t, reporttest.Shop)
	empty.Summary.Close()
	f("nothing", empty.Summary, report.Outcome{})
	f("interrupted", reporttest.Counted(t, "", 3, nil), report.Outcome{Err: errors.New("a signal"), Interrupted: true})
	f("not comparable", reporttest.Counted(t, "", 3, nil), report.Outcome{Warnings: []string{"x"}})
	f("expectations", reporttest.Counted(t, "", 3, func(r *load.Result, _ *load.UserStart, _ *load.UserEnd) {
		r.Outcomes = []plan.Outcome{{Type: "statusCode", Want: "200\n\x00", Got: "<500>"}}
	}), report.Outcome{})
}
