package scenarios_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

// Templates of weights are rendered once, before the first user, with what that user would know.
func TestWeightsMayBeTemplates(t *testing.T) {
	script := `config: {target: http://t, variables: {wa: 0, wb: "2.5", no: text}, payload: {path: w.csv, fields: [wc]}}
scenarios: [{weight: "{{ wa }}", flow: [{get: /}]}, {weight: "{{ wb }}", flow: [{get: /}]},
  {weight: "{{ wc }}", flow: [{get: /}]}, {weight: "{{ $env.W }}", flow: [{get: /}]}]`
	files := map[string]string{"s.yml": script, "w.csv": "4\n"}
	load := func(script string) (*plan.Plan, error) {
		files["s.yml"] = script
		return scenarios.Load(scenarios.Options{
			Files: []string{"s.yml"}, ReadFile: reader(files),
			Env: func(name string) (string, bool) { return "7", name == "W" },
		})
	}
	p, err := load(script)
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, f := range p.Flows {
		got = append(got, f.Weight)
	}
	diff(t, got, []float64{0, 2.5, 4, 7})
	for name, want := range map[string]string{
		"gone": `s.yml:2:22: weight "{{ gone }}": there is no such variable`, "no": `weight must be a number, not "text"`,
	} {
		_, err := load(strings.Replace(script, "{{ wa }}", "{{ "+name+" }}", 1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// Of the defaults of requests, what is no header and no cookie is rendered when config is read.
func TestDefaultsAreRenderedOnce(t *testing.T) {
	script := one("http: {defaults: {think: {jitter: '{{ j }}'}, strictCapture: '{{ s }}', headers: {h: '{{ j }}'}}}",
		"- think: 1\n- get: /")
	p := mustLoad(t, script, func(o *scenarios.Options) { o.Variables = `{"j":"50%","s":false}` })
	s := p.NewScope(1, 0, nil)
	pause, err := p.Flows[0].Steps[0].(*plan.Think).Pause(s)
	if err != nil || pause == time.Second || pause < time.Second/2 || pause > 3*time.Second/2 {
		t.Errorf("the user thinks %s, %v", pause, err)
	}
}

// A file of a form is read once if it is named in the script, and for a user if only the user knows its name.
func TestFilesOfForms(t *testing.T) {
	script := one("variables: {f: x}",
		"- post: {url: /, formData: {a: {fromFile: './{{ f }}.txt'}, b: {fromFile: d/y.csv}}}")
	reads := map[string]int{}
	var missing error
	p := mustLoad(t, script, func(o *scenarios.Options) {
		read := reader(map[string]string{"in/s.yml": script, "in/x.txt": "X", "in/d/y.csv": "1,2"})
		o.Files = []string{"in/s.yml"}
		o.ReadFile = func(path string) ([]byte, error) {
			reads[path]++
			if missing != nil && path == "in/gone.txt" {
				return nil, missing
			}
			return read(path)
		}
	})
	if reads["in/d/y.csv"] != 1 || reads["in/x.txt"] != 0 {
		t.Errorf("read before the run: %v", reads)
	}
	s, request := p.NewScope(1, 0, nil), firstRequest(t, p)
	var m plan.Message
	for range 3 {
		if err := request.Render(s, p.Base, &m); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\nX\r\n", "y.csv\"\r\nContent-Type: text/csv\r\n\r\n1,2\r\n",
	} {
		if !bytes.Contains(m.Body, []byte(want)) {
			t.Errorf("no %q in %q", want, m.Body)
		}
	}
	if reads["in/d/y.csv"] != 1 || reads["in/x.txt"] != 1 {
		t.Errorf("read in the run: %v", reads)
	}
	set(t, s, "f", "gone")
	for err, want := range map[error]string{
		fs.ErrNotExist: "ENOENT", fs.ErrPermission: "EACCES", errors.New("bad sector"): "EIO",
	} {
		missing = err
		if got := request.Render(s, p.Base, &m); got == nil || got.Error() != want {
			t.Errorf("%v: the user fails with %v, want %s", err, got, want)
		}
	}
}

// Paths count from the script's folder, those of the processor and of tls first from the folder of --config.
func TestPathsBesideScriptAndConfig(t *testing.T) {
	f := func(files map[string]string, want string) {
		t.Helper()
		files["s/s.yml"] = "config: {target: http://t, payload: {path: d.csv, fields: [id]}, processor: ./p.js}\n" +
			"scenarios: [{flow: [{function: f}, {get: '/{{ id }}'}]}]"
		files["c/c.yml"] = "config: {http: {timeout: 3}}"
		p, err := scenarios.Load(scenarios.Options{
			Files: []string{"s/s.yml"}, ConfigFile: "c/c.yml", ReadFile: reader(files),
		})
		got := ""
		if err == nil {
			got = p.Payloads[0].Rows[0][0].(interface{ String() string }).String()
		} else {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	const code, none = "module.exports = {f() {}}", "module.exports = {}"
	f(map[string]string{"s/d.csv": "7", "s/p.js": code}, "7")
	f(map[string]string{"s/d.csv": "7", "c/d.csv": "8", "c/p.js": code, "s/p.js": none}, "7")
	f(map[string]string{"c/d.csv": "8", "c/p.js": code}, "8")
	f(map[string]string{"s/d.csv": "7", "c/p.js": none, "s/p.js": code}, "exports no function \"f\"")
	f(map[string]string{"s/p.js": code}, "payload d.csv cannot be read: file does not exist")
}

// User and password of a target go along with requests, and stand in no name and no report.
func TestTargetsWithPassword(t *testing.T) {
	p := mustLoad(t, "config: {target: 'http://bob:s%40x@t:81/base', regions: [{FRA: 'https://a:b@f/'}]}\n"+
		"scenarios: [{flow: [{get: /x}, {get: '{{ target }}/y'}]}]")
	region := p.Regions[0]
	diff(t, []string{p.Target, p.Base, region.Target, region.Base, firstRequest(t, p).Endpoint},
		[]string{"http://t:81/base", "http://bob:s%40x@t:81/base", "https://f/", "https://a:b@f/", "/base/x"})
	var m plan.Message
	for _, step := range p.Flows[0].Steps {
		if err := step.(*plan.Request).Render(p.NewScope(1, -1, nil), p.Base, &m); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(m.URL, "@") || len(m.Header) != 1 || m.Header[0].Value != "Basic Ym9iOnNAeA==" {
			t.Errorf("%s %v", m.URL, m.Header)
		}
	}
}
