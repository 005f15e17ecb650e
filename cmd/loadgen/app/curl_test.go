package app

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/internal/run"
)

// requestOf is what quick makes of its arguments, without sending it.
func requestOf(p run.Process, args ...string) (targets, error) {
	f := run.NewFlags("quick", "")
	var q requestFlags
	q.register(f)
	urls, err := f.Parse(args, func(string) (string, bool) { return "", false }, io.Discard)
	if err != nil {
		return nil, err
	}
	return q.targets(p, urls)
}

// TestRequestsAsCurlMakesThem holds what curl 8 sends with the same flags.
func TestRequestsAsCurlMakesThem(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "body.json")
	if err := os.WriteFile(file, []byte("{\r\n\"a\": 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	form := "map[Content-Type:[application/x-www-form-urlencoded]]"
	f := func(args []string, want ...string) {
		t.Helper()
		list, err := requestOf(run.Process{Stdin: strings.NewReader("from\nstdin")}, args...)
		if err != nil {
			t.Errorf("%q: %v", args, err)
		}
		var got []string
		for _, r := range list {
			got = append(got, fmt.Sprintf("%s %s %v %q", r.Method, r.URL, r.Header, r.Body))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", args, diff)
		}
	}
	f([]string{"127.0.0.1:80/x", "localhost", "https://t/"},
		`GET http://127.0.0.1:80/x map[] ""`, `GET http://localhost map[] ""`, `GET https://t/ map[] ""`)
	f([]string{"t", "-m", "put", "-Hx-a: 1", "-H", "X-A: 2", "-H", "empty;", "-H", "gone:"},
		`PUT http://t map[Empty:[] Gone:[] X-A:[1 2]] ""`)
	f([]string{"t", "-d", "a=1", "-d", "b={{x}}"}, `POST http://t `+form+` "a=1&b={{x}}"`)
	f([]string{"t", "-d@" + file}, `POST http://t `+form+` "{\"a\": 1}"`)
	f([]string{"t", "--data-binary", "@" + file, "-H", "content-type: application/json"},
		`POST http://t map[Content-Type:[application/json]] "{\r\n\"a\": 1}\n"`)
	f([]string{"t", "-d", "@-", "-XGET"}, `GET http://t `+form+` "fromstdin"`)
	f([]string{"t", "-d", ""}, `POST http://t `+form+` ""`)
}

func TestMultipartFormsAsCurlMakesThem(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "pic.png")
	if err := os.WriteFile(file, []byte{0xff, 0, 0xfe}, 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := requestOf(run.Process{}, "t", "-F", "a=b;c", "-F", "pic=@"+file, "-F", "text=<"+file,
		"-F", "o=@"+file+";type=text/csv;filename=\"x.csv\"", "-F", "j={};type=application/json")
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(list[0].Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || list[0].Method != "POST" {
		t.Fatalf("%s %s: %v", list[0].Method, kind, err)
	}
	var got []string
	for r := multipart.NewReader(strings.NewReader(string(list[0].Body)), params["boundary"]); ; {
		part, err := r.NextRawPart()
		if err != nil {
			break
		}
		content, _ := io.ReadAll(part)
		got = append(got, fmt.Sprintf("%s | %s | %q", part.Header.Get("Content-Disposition"),
			part.Header.Get("Content-Type"), content))
	}
	want := []string{
		`form-data; name="a" |  | "b;c"`,
		`form-data; name="pic"; filename="pic.png" | image/png | "\xff\x00\xfe"`,
		`form-data; name="text" |  | "\xff\x00\xfe"`,
		`form-data; name="o"; filename="x.csv" | text/csv | "\xff\x00\xfe"`,
		`form-data; name="j" | application/json | "{}"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

func TestWrongRequestsSayWhatWouldBeRight(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		if _, err := requestOf(run.Process{}, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
	f("want one of GET, POST", "t", "-m", "TRACE")
	f("want a number of seconds above 0", "t", "-m", "0")
	f(`--header "accept"`, "t", "-H", "accept")
	f("want one of them", "t", "-d", "x", "-F", "a=b")
	f("want name=text", "t", "-F", "a")
	f("no such file", "t", "-F", "a=@"+filepath.Join(t.TempDir(), "none"))
	f("no such file", "t", "-d", "@"+filepath.Join(t.TempDir(), "none"))
	for _, line := range []string{"b d: x", "é: x", "a: x\r\nb: y", "a: \x00", "a: \u20ac"} {
		f("want a name of letters", "t", "-H", line)
	}
	f("want a URL such as", "ftp://t")
	f("want a URL such as", "http://t:65536/")
	f("want a URL such as", "/path")
}
