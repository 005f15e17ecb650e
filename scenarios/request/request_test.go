package request_test

import (
	"fmt"
	"strings"
	"testing"

	"edgescope/internal/tree"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/request"
	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// reader reads requests; its files have their name as content.
func reader() (*settings.Reader, *request.Reader) {
	s := &settings.Reader{}
	c := &templates.Compiler{Reader: s, Constants: func(name string) (any, bool, bool) {
		return "set", true,
			name == "$env.A"
	}}
	return s, &request.Reader{
		Settings: s, Templates: c, File: func(*tree.Node, string) {},
		Open: func(name string) (*encode.File, error) { return encode.NewFile(name, []byte(name)), nil },
	}
}

// read reads {method: {...}}.
func read(t *testing.T, method, yaml string, change func(*request.Reader)) (*request.Request, tree.Problems) {
	t.Helper()
	n, problems := tree.Parse("s.yml", []byte(yaml))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", yaml, problems)
	}
	s, r := reader()
	if change != nil {
		change(r)
	}
	req := r.New(method)
	if _, short := n.Text(); short {
		r.Address(req, n)
	} else {
		s.Object(n, "request", r.Keys(req))
	}
	return req, s.Problems
}

func user() *value.Scope {
	return value.NewScope(map[string]any{"n": value.Int(7), "s": "a b", "slash": "/x"}, 1, 0)
}

// sent writes a rendered request on one line.
func sent(r *request.Request) string {
	var m plan.Message
	if err := r.Render(user(), "http://t", &m); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %s %v %v %s", m.Method, m.URL, m.Header, m.Cookies, m.Body)
}

func TestWhatIsSent(t *testing.T) {
	f := func(method, yaml, want string) {
		t.Helper()
		r, problems := read(t, method, yaml, nil)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", yaml, problems)
		}
		if got := sent(r); got != want {
			t.Errorf("%s %s:\n got %s\nwant %s", method, yaml, got, want)
		}
	}
	f("get", "/a", "GET http://t/a [] [] ")
	f("get", "'{{ slash }}?q={{ s }}'", "GET http://t/x?q=a%20b [] [] ")
	f("get", "'{{ s }}'", "Invalid URL - a b")
	f("get", "{uri: 'https://o:1/p', qs: {a: '{{ n }}', b: [1, 2]}}", "GET https://o:1/p?a=7&b=1&b=2 [] [] ")
	f("post", "{url: /, json: {n: '{{ n }}', e: '{{ $env.A }}'}, headers: {content-type: own}}",
		`POST http://t/ [{content-type own}] [] {"n":7,"e":"set"}`)
	f("put", "{url: /, json: null, body: text}", "PUT http://t/ [] [] text")
	f("post", "{url: /, body: text, form: {a: 1}}",
		"POST http://t/ [{Content-Type application/x-www-form-urlencoded}] [] a=1")
	f("get", "{url: /, auth: {username: u, password: '{{ n }}'}, cookie: {c: '{{ s }}', gone: '{{ gone }}'}}",
		"GET http://t/ [{Authorization Basic dTo3}] [{c a b} {gone undefined}] ")
}

func TestDefaultsOfAllRequests(t *testing.T) {
	field := func(name, text string) templates.Field {
		return templates.Field{Name: templates.Literal(name), Value: templates.Fixed(text)}
	}
	defaults := func(r *request.Reader) {
		r.Headers = []templates.Field{field("X-Def", "d"), field("X-Own", "d")}
		r.Cookies = []templates.Field{field("c", "d")}
	}
	r, _ := read(t, "get", "{url: /, headers: {x-own: mine}, cookie: {e: 1}}", defaults)
	if got, want := sent(r), "GET http://t/ [{X-Def d} {x-own mine}] [{c d} {e 1}] "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want := `{"url":"http://t/","method":"GET","headers":{"X-Def":"d","x-own":"mine"},"cookie":{"c":"d","e":1}}`
	if got := string(r.Script("http://t")); got != want {
		t.Errorf("as a function sees it\n got %s\nwant %s", got, want)
	}
}

func TestFormData(t *testing.T) {
	r, problems := read(t, "post", `{url: /, formData: {up: {fromFile: d/x.png, fileName: 'a"b.png'},
  v: {value: '{{ n }}', contentType: text/x}, plain: '{{ s }}', gone: '{{ gone }}'}}`, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var m plan.Message
	if err := r.Render(user(), "http://t", &m); err != nil {
		t.Fatal(err)
	}
	boundary := strings.TrimPrefix(m.Header[0].Value, "multipart/form-data; boundary=")
	body := strings.ReplaceAll(strings.ReplaceAll(string(m.Body), boundary, "B"), "\r\n", "|")
	want := `--B|Content-Disposition: form-data; name="up"; filename="a%22b.png"|Content-Type: image/png||d/x.png|` +
		`--B|Content-Disposition: form-data; name="v"|Content-Type: text/x||7|--B|Content-Disposition: form-data; ` +
		`name="plain"||a b|--B|Content-Disposition: form-data; name="gone"||undefined|--B--|`
	if body != want {
		t.Errorf("got %s\nwant %s", body, want)
	}
	// A function changes the rest of a request with files; the files stay.
	whole, _ := value.Parse(r.Script("http://t"))
	changed, err := r.Changed(whole.(*value.Object).With("url", "/other").Members(), nothingMore)
	if err != nil {
		t.Fatal(err)
	}
	if err := changed.Render(user(), "http://t", &m); err != nil || m.URL != "http://t/other" ||
		!strings.Contains(string(m.Body), "d/x.png") {
		t.Errorf("changed: %v, %s %s", err, m.URL, m.Body)
	}
}

func nothingMore(*settings.Reader) map[string]func(*tree.Node) { return nil }

// members are those of an object in JSON.
func members(t *testing.T, text string) []value.Member {
	t.Helper()
	v, err := value.Parse([]byte(text))
	o, ok := v.(*value.Object)
	if err != nil || !ok {
		t.Fatalf("%s is no object", text)
	}
	return o.Members()
}

// TestChangedByAFunction: what a function may change, and that it says when it leaves no request.
func TestChangedByAFunction(t *testing.T) {
	r, _ := read(t, "post", "{url: /a, name: n, headers: {h: 1}, json: {a: 1}, qs: {q: 1}, auth: {user: u, pass: p}}", nil)
	f := func(after, want string) {
		t.Helper()
		changed, err := r.Changed(members(t, after), nothingMore)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = sent(changed)
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", after, got, want)
		}
	}
	f(`{"method":"delete"}`, "DELETE http://t/a [] [] ")
	f(`{"url":"/{{ n }}/{{ $env.A }}","headers":{"x":"{{ s }}"},"own":[1]}`, "POST http://t/7/set [{x a b}] [] ")
	f(`{"headers":{"a":null,"b":[1,{"c":2}]}}`, "POST http://t/a [{b 1} {b [object Object]}] [] ")
	f(`{"qs":{"q":"{{ n }}"},"cookie":{"c":1},"auth":{"user":"x","pass":""}}`,
		"POST http://t/a?q=7 [{Authorization Basic eDo=}] [{c 1}] ")
	f(`{"json":[1.50,"{{ n }}"]}`, "POST http://t/a [{Content-Type application/json}] [] [1.50,7]")
	f(`{"method":"BREW"}`, `beforeRequest: method "BREW" is not known`)
	f(`{"method":7}`, `beforeRequest: method "7" is not known`)
	f(`{"url":7}`, `beforeRequest: url "7" must begin with /, http://, https:// or {{ (did you mean "/7"?)`)
	f(`{"headers":[1]}`, "beforeRequest: headers must be an object, not a list")
	f(`{"body":"{{ a + b }}"}`, "beforeRequest: {{ a + b }} is neither a variable (name, name.key, name[0]) nor a call of "+
		"a function")
	if got := sent(r); !strings.HasPrefix(got, "POST http://t/a?q=1 [{h 1}") {
		t.Errorf("the request itself is now %s", got)
	}
}

func TestBytesOfAFunctionAreSentAsTheyAre(t *testing.T) {
	r, _ := read(t, "post", "{url: /a, form: {a: 1}}", nil)
	changed, err := r.Changed([]value.Member{{Key: "url", Value: "/b"}, {Key: "body", Value: value.Bytes("\xff\x00{{ n }}")}},
		nothingMore)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sent(changed), "POST http://t/b [] [] \xff\x00{{ n }}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatAFunctionMayChange(t *testing.T) {
	r, _ := read(t, "post", "{url: /a, formData: {f: x}}", nil)
	f := func(after, want string) {
		t.Helper()
		changed, err := r.Changed(members(t, after), nothingMore)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = sent(changed)
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s\n got %s\nwant %s", after, got, want)
		}
	}
	f(`{"url":"/b","uri":"/c"}`, "POST http://t/c ")
	f(`{"uri":"/c","url":"/b"}`, "POST http://t/c ")
	f(`{"searchParams":{"q":1}}`, "POST http://t/a?q=1 ")
	f(`{"username":"u","password":"{{ n }}"}`, "[{Authorization Basic dTo3}]")
	f(`{"auth":{"user":"u","pass":"p"},"password":"q"}`, "[{Authorization Basic dTpx}]")
	f(`{"formData":{"f":{"type":"Buffer","data":[255,0]}}}`, "application/octet-stream\r\n\r\n\xff\x00\r\n")
	f(`{"formData":{"f":{"value":{"type":"Buffer","data":[255,0]},"contentType":"a/b"}}}`, "a/b\r\n\r\n\xff\x00\r\n")
	f(`{"formData":{"f":{"type":"Buffer","data":[256]}}}`, "beforeRequest: ")
	f(`{"form":{"a":"{{ n }}"},"method":"put"}`, "PUT http://t/a [{Content-Type application/x-www-form-urlencoded}] [] a=7")
	f(`{"http2":true}`, "beforeRequest: http2 cannot be changed")
	f(`{"agent":{}}`, "beforeRequest: agent cannot be changed")
	f(`{"json":{"a":1},"body":"b"}`, `{"a":1}`)
	f(`{"mine":{"http2":1},"retry":0}`, "POST http://t/a")
}

func FuzzChanged(f *testing.F) {
	for _, s := range []string{
		`{"url":"/b"}`, `{"json":{"a":["{{ n }}"]},"headers":{"a":{"b":1}}}`, `{"form":[],"qs":7}`,
		`[]`, `{"method":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, after []byte) {
		_, r := reader()
		req := r.New("get")
		v, err := value.Parse(after)
		o, ok := v.(*value.Object)
		if err != nil || !ok {
			t.Skip()
		}
		changed, err := req.Changed(o.Members(), nothingMore)
		if (changed == nil) == (err == nil) {
			t.Errorf("%q: %v, %v", after, changed, err)
		}
		if err == nil && len(after) < 1000 {
			var m plan.Message
			_ = changed.Render(user(), "http://t", &m) // no panic is the test
			changed.Script("http://t")
		}
	})
}
