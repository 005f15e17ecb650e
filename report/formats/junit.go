package formats

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"edgescope/report"
	"edgescope/report/text"
)

// The elements of a JUnit report, as Jenkins' junit-10.xsd, GitLab and GitHub's actions read them: attributes and the
// order of children are theirs.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Time     string       `xml:"time,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string           `xml:"name,attr"`
	Tests      int              `xml:"tests,attr"`
	Failures   int              `xml:"failures,attr"`
	Errors     int              `xml:"errors,attr"`
	Skipped    int              `xml:"skipped,attr"`
	Time       string           `xml:"time,attr"`
	Timestamp  string           `xml:"timestamp,attr"`
	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
}

type junitProperties struct {
	List []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Skipped   *junitProblem `xml:"skipped"`
	Error     *junitProblem `xml:"error"`
	Failure   *junitProblem `xml:"failure"`
}

type junitProblem struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes a JUnit report: a suite for each of run, health, users, thresholds, expectations and baseline, and a case for
// each thing that the run was judged by. A threshold that does not decide and fails is skipped; a run that could not go
// on or is not valid is an error, not a failure.
func JUnit(w io.Writer, r *report.Report) error {
	w = text.Writer(w)
	run := &r.Edgescope.Run
	lasted := junitTime(run.Ended.Sub(run.Started))
	all := junitSuites{Name: run.Name, Time: lasted}
	for _, f := range findings(r) {
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != f.group {
			all.Suites = append(all.Suites, junitSuite{
				Name: f.group, Time: lasted, Timestamp: run.Started.UTC().Format("2006-01-02T15:04:05"),
			})
		}
		all.Suites[len(all.Suites)-1].add(&f, "loadgen."+run.Name)
	}
	all.Suites[0].Properties = propertiesOf(r)
	for i := range all.Suites {
		all.Tests += all.Suites[i].Tests
		all.Failures += all.Suites[i].Failures
		all.Errors += all.Suites[i].Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(f *finding, class string) {
	c := junitCase{Name: s.unused(f.name), ClassName: class + "." + f.group, Time: "0.000"}
	problem := &junitProblem{Type: f.group, Message: f.message, Text: f.message}
	switch {
	case f.ok:
	case f.optional:
		problem.Type, problem.Text = "", ""
		c.Skipped = problem
		s.Skipped++
	case f.group == "run" || f.group == "health":
		c.Error = problem
		s.Errors++
	default:
		c.Failure = problem
		s.Failures++
	}
	s.Tests++
	s.Cases = append(s.Cases, c)
}

// unused is the name, with a number if a case has it: a reader could not tell the two apart.
func (s *junitSuite) unused(name string) string {
	numbered := name
	for n := 2; slices.ContainsFunc(s.Cases, func(c junitCase) bool { return c.Name == numbered }); n++ {
		numbered = fmt.Sprintf("%s (%d)", name, n)
	}
	return numbered
}

func propertiesOf(r *report.Report) *junitProperties {
	run := &r.Edgescope.Run
	p := &junitProperties{}
	for _, one := range []junitProperty{
		{"run.id", run.ID},
		{"script", run.Script},
		{"target", run.Target},
		{"commit", run.Commit},
		{"seed", strconv.FormatUint(r.Edgescope.Seed, 10)},
		{"verdict", run.Verdict},
	} {
		if one.Value != "" {
			p.List = append(p.List, one)
		}
	}
	for i := range r.Edgescope.Prices {
		p.List = append(p.List, junitProperty{"price." + r.Edgescope.Prices[i].On(), r.Edgescope.Prices[i].Amount()})
	}
	return p
}

// junitTime is seconds with three decimals.
func junitTime(d time.Duration) string {
	return strconv.FormatFloat(max(d, 0).Seconds(), 'f', 3, 64)
}
