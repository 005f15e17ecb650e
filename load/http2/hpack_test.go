package http2

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2/hpack"
)

func render(t testing.TB, method, path string, header http.Header, body string) *Request {
	t.Helper()
	u, err := url.Parse("https://target.test" + path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRequest(&http.Request{Method: method, URL: u, Header: header}, []byte(body), true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lines are fields as text.
func lines(fields []hpack.HeaderField) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f.Name + "=" + f.Value + "\n")
	}
	return b.String()
}

// fieldsOf are the fields of a request in the order in which they are sent.
func fieldsOf(r *Request) string {
	all := append([]hpack.HeaderField(nil), r.pseudo...)
	if r.path != "" {
		all = append(all, hpack.HeaderField{Name: ":path", Value: r.path})
	}
	all = append(all, r.fields...)
	if r.length != "" {
		all = append(all, hpack.HeaderField{Name: "content-length", Value: r.length})
	}
	return lines(all)
}

// TestARepeatedRequestIsNotEncodedAgain: its bytes are those of the last time, and mean the same beside requests that
// change the table, and after the server has changed its size.
func TestARepeatedRequestIsNotEncodedAgain(t *testing.T) {
	e, d := newEncoder(), hpack.NewDecoder(tableSize, nil)
	same := render(t, "GET", "/same", http.Header{"X-A": {"a"}, "User-Agent": {"test"}}, "")
	other := render(t, "POST", "/other", http.Header{"X-B": {"b"}, "User-Agent": {"test"}}, "body")
	large := render(t, "PUT", "/large", http.Header{"X-C": {strings.Repeat("c", 5000)}}, "")
	var sizes []string
	for i, r := range []*Request{same, same, same, other, other, same, same, large, same, large, other, same} {
		if i == 8 {
			e.limit(200)
		}
		block := e.block(r)
		fields, err := d.DecodeFull(block)
		if got, want := lines(fields), fieldsOf(r); err != nil || got != want {
			t.Fatalf("request %d: %v\n%s\nwant\n%s", i, err, got, want)
		}
		sizes = append(sizes, strconv.Itoa(len(block)))
	}
	if sizes[1] != sizes[2] || sizes[0] == sizes[1] || sizes[5] != sizes[6] {
		t.Errorf("sizes %v: want the second and third, and the sixth and seventh, alike and the first longer", sizes)
	}
	if allocs := testing.AllocsPerRun(100, func() { e.block(same) }); allocs != 0 {
		t.Errorf("%.0f allocations, want none", allocs)
	}
}

// TestFieldsOfRequests: what is sent of a request, and what is not.
func TestFieldsOfRequests(t *testing.T) {
	f := func(r *Request, want string) {
		t.Helper()
		if diff := cmp.Diff(want, fieldsOf(r)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	f(render(t, "GET", "", http.Header{"User-Agent": {"a"}}, ""),
		":method=GET\n:authority=target.test\n:scheme=https\n:path=/\nuser-agent=a\n")
	f(render(t, "DELETE", "/x?y=%20", nil, ""),
		":method=DELETE\n:authority=target.test\n:scheme=https\n:path=/x?y=%20\nuser-agent=Go-http-client/2.0\n")
	f(render(t, "POST", "/", http.Header{"User-Agent": {""}}, ""),
		":method=POST\n:authority=target.test\n:scheme=https\n:path=/\ncontent-length=0\n")
	f(render(t, "PUT", "/", http.Header{
		"User-Agent": {"a", "b"}, "X-A": {" 1 ", "2"}, "Content-Length": {"77"}, "Connection": {"keep-alive"}, "Te": {"trailers"},
		"Keep-Alive": {"1"}, "Upgrade": {"h2c"}, "Transfer-Encoding": {"chunked"}, "Host": {"elsewhere"}, "Cookie": {"a=1; b=2"},
	}, "body"),
		":method=PUT\n:authority=target.test\n:scheme=https\n:path=/\ncookie=a=1; b=2\nte=trailers\nuser-agent=a\nx-a=1\nx-a=2\n"+
			"content-length=4\n")
	f(render(t, "CONNECT", "/", http.Header{"User-Agent": {"a"}}, ""),
		":method=CONNECT\n:authority=target.test\nuser-agent=a\n")
}

// TestRequestsThatCannotBeSent are refused beforehand.
func TestRequestsThatCannotBeSent(t *testing.T) {
	f := func(method, address, host string, header http.Header, want string) {
		t.Helper()
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewRequest(&http.Request{Method: method, URL: u, Host: host, Header: header}, nil, false)
		if err == nil || err.Error() != want {
			t.Errorf("%s %s: %v, want %s", method, address, err, want)
		}
	}
	f("G T", "http://a.test", "", nil, `net/http: invalid method "G T"`)
	f("GET", "ftp://a.test", "", nil, `unsupported protocol scheme "ftp"`)
	f("GET", "http:///x", "", nil, "http: no Host in request URL")
	f("GET", "http:x", "", nil, "http: no Host in request URL")
	f("GET", "http://a.test", "b c", nil, `http2: invalid Host header "b c"`)
	f("GET", "http://a.test", "", http.Header{"X A": {"b"}}, `net/http: invalid header field name "X A"`)
	f("GET", "http://a.test", "", http.Header{"X-A": {"b\r\nc"}}, `net/http: invalid header field value for "X-A"`)
}

// TestHostsAreASCII: what is not becomes Punycode.
func TestHostsAreASCII(t *testing.T) {
	u := &url.URL{Scheme: "http", Host: "bücher.test:8080", Path: "/"}
	r, err := NewRequest(&http.Request{Method: "GET", URL: u}, nil, false)
	if err != nil || r.pseudo[1].Value != "xn--bcher-kva.test:8080" || r.addr != "bücher.test:8080" {
		t.Errorf("%v %v", r, err)
	}
}

// FuzzRequestBlocks: whatever requests follow each other on a connection, the server reads them as they were.
func FuzzRequestBlocks(f *testing.F) {
	f.Add("GET /a x-a=b\nGET /a x-a=b\nPOST /b x-a=c\n!200\nGET /a x-a=b\n!0\nGET /a x-a=b\n!4096\nGET /a x-a=b")
	f.Add(strings.Repeat("GET / x=1\nGET / y=2\nGET / x=1\n", 50))
	f.Fuzz(func(t *testing.T, script string) {
		e, d := newEncoder(), hpack.NewDecoder(tableSize, nil)
		known := map[string]*Request{}
		for line := range strings.Lines(script) {
			line = strings.TrimSuffix(line, "\n")
			if size, ok := strings.CutPrefix(line, "!"); ok {
				n, _ := strconv.ParseUint(size, 10, 16)
				e.limit(uint32(n))
				continue
			}
			r := known[line]
			if r == nil {
				method, rest, _ := strings.Cut(line, " ")
				path, field, _ := strings.Cut(rest, " ")
				name, value, _ := strings.Cut(field, "=")
				var err error
				r, err = NewRequest(&http.Request{
					Method: method, URL: &url.URL{Scheme: "http", Host: "a.test", Path: path}, Header: http.Header{name: {value}},
				}, nil, true)
				if err != nil {
					return
				}
				known[line] = r
			}
			fields, err := d.DecodeFull(e.block(r))
			if got, want := lines(fields), fieldsOf(r); err != nil || got != want {
				t.Fatalf("%q: %v\n%s\nwant\n%s", line, err, got, want)
			}
		}
	})
}

// FuzzAnswerBlocks: heads that are remembered are those that HPACK reads. Blocks begin with two bytes of their length.
func FuzzAnswerBlocks(f *testing.F) {
	block := func(bytes ...byte) []byte { return append([]byte{0, byte(len(bytes))}, bytes...) }
	inserted := append([]byte{0x88, 0x40, 1, 'a', 1}, 'b')
	f.Add(bytes.Join([][]byte{block(0x88), block(0x88, 0xbe), block(inserted...), block(0x88, 0xbe), block(0x88, 0xbe)}, nil))
	f.Add(bytes.Join([][]byte{block(inserted...), block(0x88, 0xbe), block(0x20), block(0x88, 0xbe)}, nil))
	f.Add(block(0x88, 0, 1, 'a', 0x81, 0xff))
	f.Add(block(0x88, 0x0f, 0x0d, 1, '7', 0x10, 1, 'a', 1, 'b'))
	f.Fuzz(func(t *testing.T, script []byte) {
		ours := newDecoder(1 << 16)
		theirs := hpack.NewDecoder(tableSize, nil)
		theirs.SetMaxStringLength(1 << 16)
		for len(script) >= 2 {
			n := min(int(script[0])<<8|int(script[1]), len(script)-2)
			block := script[2 : 2+n]
			script = script[2+n:]
			got, failed := ours.head(block)
			fields, err := theirs.DecodeFull(block)
			var want *Head
			if err == nil {
				want, err = newHead(fields)
			}
			if sizeOf(fields) > 1<<16 {
				err = malformedHead("too long")
			}
			if (err != nil) != (failed != nil) {
				t.Fatalf("%.99x: %v, want %v", block, failed, err)
			}
			if want != nil && failed == nil && (got.Status != want.Status || !cmp.Equal(got.Header, want.Header)) {
				t.Fatalf("%.99x: %v, want %v", block, got, want)
			}
			if isConnection(failed) {
				return
			}
		}
	})
}

func sizeOf(fields []hpack.HeaderField) (n int) {
	for _, f := range fields {
		n += int(f.Size())
	}
	return n
}

func isConnection(err error) bool {
	_, ok := err.(*ConnectionError) //nolint:errorlint // as it is
	return ok
}

// TestLikeHeadsAreOne: the bytes of a block are read once, and never taken for those of another table.
func TestLikeHeadsAreOne(t *testing.T) {
	d := newDecoder(1 << 20)
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	head := func(value string) *Head {
		b.Reset()
		e.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
		e.WriteField(hpack.HeaderField{Name: "x-a", Value: value})
		h, err := d.head(b.Bytes())
		if err != nil || h.Header.Get("X-A") != value {
			t.Fatalf("%v %v, want X-A: %s", h, err, value)
		}
		return h
	}
	head("1")
	if one, two := head("1"), head("1"); one != two {
		t.Error("the head of the same bytes is read twice")
	}
	head("2")
	head("1") // one place further now, where 2 is about to be
	head("2")
	if one, two := head("2"), head("2"); one != two {
		t.Error("the head of the same bytes is read twice")
	}
	if allocs := testing.AllocsPerRun(100, func() { head("2") }); allocs != 0 {
		t.Errorf("%.0f allocations, want none", allocs)
	}
}
