package app

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/net/http/httpguts"

	"edgescope/internal/run"
)

// requestFlags say what quick sends to its URLs, in curl's words (curl.se/docs/manpage.html).
type requestFlags struct {
	method  methodFlag
	headers []string
	data    []dataFlag
	form    []string
}

func (q *requestFlags) register(f *run.Flags) {
	f.Group("Request")
	f.Var(&q.method, "method", "`name` of the method; GET by default, POST with a body. A number is curl's -m: the seconds "+
		"that a request may take")
	f.Alias("m", "method")
	f.Alias("X", "method")
	f.Strings(&q.headers, "header", "`line` such as \"accept: text/html\"; may be given several times")
	f.Alias("H", "header")
	f.Var(&dataFlags{&q.data, false}, "data", "`text` of the body; @file is a file's, without its line ends. Several are "+
		"joined with &, as the fields of a form are")
	f.Alias("d", "data")
	f.Var(&dataFlags{&q.data, true}, "data-binary", "the same with the line ends of a file (`text`)")
	f.Strings(&q.form, "form", "`field` of a multipart form: name=text, name=@file or name=<file, with ;type= and "+
		";filename= behind it")
	f.Alias("F", "form")
}

// methodFlag is a method, or what curl means by -m: a time.
type methodFlag struct {
	name    string
	timeout time.Duration // 0: not given
}

func (m *methodFlag) Set(s string) error {
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		if !(seconds > 0 && seconds < 1e6) {
			return errors.New("want a number of seconds above 0")
		}
		m.timeout = time.Duration(seconds * float64(time.Second))
		return nil
	}
	name := strings.ToUpper(s)
	if !slices.Contains(methods, name) {
		return fmt.Errorf("want one of %s", strings.Join(methods, ", "))
	}
	m.name = name
	return nil
}

func (m *methodFlag) String() string { return m.name }

// dataFlag is a part of a body as it was given.
type dataFlag struct {
	text   string
	binary bool
}

// dataFlags keeps the order of --data and --data-binary among each other.
type dataFlags struct {
	list   *[]dataFlag
	binary bool
}

func (d *dataFlags) Set(s string) error {
	*d.list = append(*d.list, dataFlag{s, d.binary})
	return nil
}

func (d *dataFlags) String() string { return "" }

// given tells whether a flag asks for more than a GET without a body.
func (q *requestFlags) given() bool {
	return q.method.name != "" || len(q.headers) > 0 || len(q.data) > 0 || len(q.form) > 0
}

// targets are the requests that the flags make of URLs.
func (q *requestFlags) targets(p run.Process, urls []string) (targets, error) {
	one := vegeta.Target{Method: cmp.Or(q.method.name, http.MethodGet), Header: http.Header{}}
	var err error
	switch {
	case len(q.data) > 0 && len(q.form) > 0:
		return nil, run.Usage("--data and --form are two kinds of a body: want one of them")
	case len(q.data) > 0:
		one.Body, err = q.joined(p)
		one.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case len(q.form) > 0:
		var kind string
		one.Body, kind, err = q.multipart(p)
		one.Header.Set("Content-Type", kind)
	}
	if err != nil {
		return nil, err
	}
	if one.Body != nil {
		one.Method = cmp.Or(q.method.name, http.MethodPost)
	}
	if err := q.addHeaders(one.Header); err != nil {
		return nil, err
	}
	var list targets
	for _, u := range urls {
		t := one
		t.URL = withScheme(u)
		if err := checkTarget(&t); err != nil {
			return nil, run.Usage("%w", err)
		}
		list = append(list, t)
	}
	return list, nil
}

// withScheme makes http://host:port of host:port, as curl does.
func withScheme(u string) string {
	if strings.Contains(u, "://") || u == "" || strings.HasPrefix(u, "/") {
		return u
	}
	return "http://" + u
}

// addHeaders adds the lines of --header. The first of a name replaces what the body brought; "name:" leaves a header
// out, and "name;" is one without a value.
func (q *requestFlags) addHeaders(h http.Header) error {
	seen := map[string]bool{}
	for _, line := range q.headers {
		name, value, ok := strings.Cut(line, ":")
		if empty, semicolon := strings.CutSuffix(line, ";"); !ok && semicolon {
			name, ok = empty, true
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" {
			return run.Usage("--header %q: want a line such as \"accept: text/html\"", line)
		}
		if !httpguts.ValidHeaderFieldName(name) || strings.ContainsFunc(value, unsendable) {
			return run.Usage("--header %q: want a name of letters, digits and !#$%%&'*+-.^_`|~, and a value without control "+
				"characters and those above U+00FF", line)
		}
		key := textproto.CanonicalMIMEHeaderKey(name)
		if !seen[key] {
			h[key] = nil
		}
		seen[key] = true
		if value != "" || strings.HasSuffix(line, ";") {
			h[key] = append(h[key], value)
		}
	}
	return nil
}

// unsendable tells of a character that node refuses in the value of a header, as requests of scripts do.
func unsendable(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r > 0xff }

func (q *requestFlags) joined(p run.Process) ([]byte, error) {
	body := []byte{}
	for i, part := range q.data {
		if i > 0 {
			body = append(body, '&')
		}
		name, file := strings.CutPrefix(part.text, "@")
		if !file {
			body = append(body, part.text...)
			continue
		}
		text, err := readOperand(p, name)
		if err != nil {
			return nil, run.Usage("read --data: %w", err)
		}
		if !part.binary {
			text = []byte(strings.NewReplacer("\r", "", "\n", "").Replace(string(text)))
		}
		body = append(body, text...)
	}
	return body, nil
}

// multipart is the body of --form and its content type.
func (q *requestFlags) multipart(p run.Process) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, field := range q.form {
		part, err := readPart(p, field)
		if err != nil {
			return nil, "", err
		}
		to, err := w.CreatePart(part.header())
		if err != nil {
			return nil, "", run.Usage("--form %q: %w", field, err)
		}
		_, _ = to.Write(part.content) // into memory
	}
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType(), nil
}

// formPart is one field of a multipart form.
type formPart struct {
	name, filename, kind string
	content              []byte
}

func readPart(p run.Process, field string) (formPart, error) {
	name, value, ok := strings.Cut(field, "=")
	if !ok || name == "" {
		return formPart{}, run.Usage("--form %q: want name=text, name=@file or name=<file", field)
	}
	part := formPart{name: name}
	value, options := splitOptions(value)
	part.kind, part.filename = options["type"], options["filename"]
	path, from := value, strings.IndexAny(value, "@<") == 0
	if !from {
		part.content = []byte(strings.Trim(value, `"`))
		return part, nil
	}
	path = strings.Trim(path[1:], `"`)
	var err error
	if part.content, err = readOperand(p, path); err != nil {
		return part, run.Usage("read --form %s: %w", name, err)
	}
	if value[0] == '@' {
		part.filename = cmp.Or(part.filename, filepath.Base(path))
		part.kind = cmp.Or(part.kind, mime.TypeByExtension(filepath.Ext(path)), "application/octet-stream")
	}
	return part, nil
}

// splitOptions cuts ;type= and ;filename= off a value.
func splitOptions(value string) (rest string, options map[string]string) {
	options = map[string]string{}
	parts := strings.Split(value, ";")
	for len(parts) > 1 {
		last := parts[len(parts)-1]
		key, text, ok := strings.Cut(strings.TrimSpace(last), "=")
		if !ok || key != "type" && key != "filename" {
			break
		}
		options[key] = strings.Trim(text, `"`)
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, ";"), options
}

// header is that of a part (RFC 7578, section 4.2).
func (f *formPart) header() textproto.MIMEHeader {
	quoted := strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A") // as browsers do (html.spec.whatwg.org)
	disposition := `form-data; name="` + quoted.Replace(f.name) + `"`
	if f.filename != "" {
		disposition += `; filename="` + quoted.Replace(f.filename) + `"`
	}
	h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if f.kind != "" {
		h.Set("Content-Type", f.kind)
	}
	return h
}

// label is how reports call a request: its method and path, with its host if that is not the first one's.
func label(t *vegeta.Target, first string) string {
	u, err := url.Parse(t.URL)
	if err != nil {
		return t.Method + " " + t.URL
	}
	if base, err := url.Parse(first); err == nil && base.Host == u.Host && base.Scheme == u.Scheme {
		return t.Method + " " + cmp.Or(u.RequestURI(), "/")
	}
	return t.Method + " " + u.Redacted()
}
