package network

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/tls"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	ok    = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
)

type conformanceCase struct {
	name     string
	requests []asked
	script   script
}

// lateGets come when the server has closed the connection of the one before.
var lateGets = []asked{{method: "GET"}, {method: "GET", late: true}, {method: "GET", late: true}}

func get(n int) []asked {
	requests := make([]asked, n)
	for i := range requests {
		requests[i].method = "GET"
	}
	return requests
}

// answered is a case of two GETs to a server that answers both with text on one connection, and on further ones.
func answered(name, text string) conformanceCase {
	return conformanceCase{name, get(2), script{{{text: text}, {text: text, then: "hang"}}}}
}

func ended(name, text, then string) conformanceCase {
	return conformanceCase{name, get(1), script{{{text: text, then: then}}}}
}

func conformanceCases(t *testing.T) []conformanceCase {
	t.Helper()
	var all []conformanceCase
	add := func(c ...conformanceCase) { all = append(all, c...) }

	add(
		answered("length", ok),
		answered("no body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
		answered("no reason phrase", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
		answered("odd status", "HTTP/1.1 799 What\r\nContent-Length: 2\r\n\r\nok"),
		answered("204", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"),
		answered("204 with length", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n"),
		answered("304 with length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 200\r\nETag: \"x\"\r\n\r\n"),
		answered("100 first", "HTTP/1.1 100 Continue\r\n\r\n"+ok),
		answered("103 twice", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"+ok),
		answered("102 to 204", "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
		answered("keep-alive of 1.0", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"),
		answered("1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
		answered("keep-alive limits", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=1\r\nConnection: Keep-Alive\r\n"+
			"Content-Length: 2\r\n\r\nok"),
		answered("connection close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
		answered("connection close in a list", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\n"+
			"ok"),
		answered("bytes after the answer", ok+"x"),
		answered("two answers", ok+ok),
		answered("lines end in LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
		answered("spaces in values", "HTTP/1.1 200 OK\r\nContent-Length:  2 \r\nX-A: \t b\t \r\n\r\nok"),
		answered("folded", "HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n\tc\r\nContent-Length: 2\r\n\r\nok"),
		answered("header twice", "HTTP/1.1 200 OK\r\nX-A: a\r\nx-a: b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"+
			"Content-Length: 2\r\n\r\nok"),
		answered("empty value", "HTTP/1.1 200 OK\r\nX-A:\r\nContent-Length: 2\r\n\r\nok"),
		answered("bytes above ASCII in a value", "HTTP/1.1 200 OK\r\nX-A: \xff\xc3\xa9\r\nContent-Length: 2\r\n\r\nok"),
		answered("500 headers", "HTTP/1.1 200 OK\r\n"+
			strings.Repeat("X-Many: value\r\n", 500)+"Content-Length: 2\r\n\r\nok"),
		answered("a header of 100 KB", "HTTP/1.1 200 OK\r\nX-Long: "+
			strings.Repeat("x", 100_000)+"\r\nContent-Length: 2\r\n\r\nok"),
		answered("a body of 1 MB", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 1_000_000)),
		answered("same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"),
		answered("length 2, 2", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok"),
		answered("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
		answered("length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"+
			"2\r\nok\r\n0\r\n\r\n"),
		answered("negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok"),
		answered("length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok"),
		answered("length of a word", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"),
		answered("endless length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok"),
	)
	add(
		answered("chunks", chunk+"1\r\no\r\n1\r\nk\r\n0\r\n\r\n"),
		answered("chunk extensions", chunk+"2;a=b;c=\"d\"\r\nok\r\n0;e\r\n\r\n"),
		answered("trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\n"+
			"X-T: v\r\n\r\n"),
		answered("trailers not announced", chunk+"2\r\nok\r\n0\r\nX-T: v\r\n\r\n"),
		answered("chunk sizes with zeros and capitals", chunk+"00A\r\n0123456789\r\n0\r\n\r\n"),
		answered("no chunk at all", chunk+"0\r\n\r\n"),
		answered("bytes after the chunks", chunk+"2\r\nok\r\n0\r\n\r\nx"),
		answered("chunk size of a word", chunk+"zz\r\nok\r\n0\r\n\r\n"),
		answered("chunk longer than it says", chunk+"1\r\nok\r\n0\r\n\r\n"),
		answered("endless chunk size", chunk+"fffffffffffffffff\r\nok\r\n0\r\n\r\n"),
		answered("chunk size in a line of its own", chunk+"\r\n2\r\nok\r\n0\r\n\r\n"),
		answered("gzip as transfer encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok"),
		answered("two transfer encodings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "+
			"chunked\r\n\r\n0\r\n\r\n"),
		ended("chunks of 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "close"),
		ended("chunks break off", chunk+"5\r\nok", "close"),
		ended("no last chunk", chunk+"2\r\nok\r\n", "close"),
		ended("trailers break off", chunk+"2\r\nok\r\n0\r\nX-T: v", "close"),
		ended("body until the end", "HTTP/1.1 200 OK\r\n\r\nall of it", "close"),
		ended("body of 1.0 until the end", "HTTP/1.0 200 OK\r\n\r\nall of it", "close"),
		ended("body until a reset", "HTTP/1.1 200 OK\r\n\r\nall of it", "reset"),
		ended("body shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", "close"),
		ended("body cut by a reset", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nok", "reset"),
		ended("end in the status line", "HTTP/1.1 2", "close"),
		ended("end after the status line", "HTTP/1.1 200 OK\r\n", "close"),
		ended("end in the header", "HTTP/1.1 200 OK\r\nContent-Len", "close"),
		ended("end without an answer", "", "close"),
		ended("reset without an answer", "", "reset"),
		ended("end after 100", "HTTP/1.1 100 Continue\r\n\r\n", "close"),
		ended("no HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "close"),
		ended("HTTP/2", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "close"),
		ended("HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok", "close"),
		ended("HTTP/9.9", "HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok", "close"),
		ended("HTTP in small letters", "http/1.1 200 OK\r\n\r\n", "close"),
		ended("no status", "HTTP/1.1\r\n\r\n", "close"),
		ended("status of a word", "HTTP/1.1 abc OK\r\n\r\n", "close"),
		ended("status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "close"),
		ended("status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", "close"),
		ended("status with a sign", "HTTP/1.1 +20 OK\r\n\r\n", "close"),
		ended("status 000", "HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n", "close"),
		ended("an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", "close"),
		ended("header without a colon", "HTTP/1.1 200 OK\r\nnothing\r\n\r\n", "close"),
		ended("header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", "close"),
		ended("space before the colon", "HTTP/1.1 200 OK\r\nX-A : x\r\n\r\n", "close"),
		ended("space in a name", "HTTP/1.1 200 OK\r\nX A: x\r\n\r\n", "close"),
		ended("first header folded", "HTTP/1.1 200 OK\r\n X-A: x\r\n\r\n", "close"),
		ended("NUL in a value", "HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 0\r\n\r\n", "close"),
		ended("CR in a value", "HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 0\r\n\r\n", "close"),
		ended("a name above ASCII", "HTTP/1.1 200 OK\r\nX-\xc3\xa9: a\r\nContent-Length: 0\r\n\r\n", "close"),
		ended("header of more than 1 MB", "HTTP/1.1 200 OK\r\nX-Long: "+strings.Repeat("x", 1<<20)+"\r\n\r\n", "hang"),
		ended("101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n"+
			"\r\nraw", "close"),
		ended("101 without a protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\nraw", "close"),
	)
	for _, coding := range []string{"gzip", "deflate", "raw deflate", "br", "zstd"} {
		body := Coded(t, coding, strings.Repeat("edge ", 500))
		header := strings.TrimPrefix(coding, "raw ")
		add(
			answered(coding, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s",
				header, len(body), body)),
			answered(coding+" in chunks", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nTransfer-Encoding: "+
				"chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", header, len(body), body)),
			ended(coding+" breaks off", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: "+
				"%d\r\n\r\n%s", header, len(body), body[:len(body)/2]), "close"),
		)
	}
	add(
		ended("no gzip at all", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", "close"),
		ended("too many codings", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip, gzip\r\n"+
			"Content-Length: 2\r\n\r\nok", "close"),
	)
	head := []asked{{method: "HEAD"}, {method: "GET"}}
	add(
		conformanceCase{"HEAD and GET", head, script{{
			{text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"},
			{text: ok, then: "hang"},
		}}},
		conformanceCase{"HEAD of chunks", head, script{{{text: chunk}, {text: ok, then: "hang"}}}},
		conformanceCase{"HEAD with a body", head, script{
			{{text: ok}, {text: ok, then: "hang"}},
			{{text: ok, then: "hang"}},
		}},
		conformanceCase{"HEAD of gzip", head, script{{{text: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" +
			"Content-Length: 20\r\n\r\n"}, {text: ok, then: "hang"}}}},
		conformanceCase{"the server closes without a word", lateGets, script{{{text: ok, then: "close"}}}},
		conformanceCase{
			"the server closes a reused connection", get(2),
			script{{{text: ok}, {then: "close"}}, {{text: ok, then: "hang"}}},
		},
		conformanceCase{
			"the server resets a reused connection", get(2),
			script{{{text: ok}, {then: "reset"}}, {{text: ok, then: "hang"}}},
		},
		conformanceCase{"and the next one", get(2), script{{{text: ok}, {then: "close"}}, {{then: "close"}}}},
		conformanceCase{
			"a reused connection ends in the status line", get(2),
			script{{{text: ok}, {text: "HTT", then: "close"}}, {{text: ok}}},
		},
		conformanceCase{
			"a POST is not sent again",
			[]asked{{method: "POST", body: "a"}, {method: "POST", body: "b"}},
			script{{{text: ok}, {then: "close"}}, {{text: ok}}},
		},
		conformanceCase{
			"nor a POST with a key",
			[]asked{
				{method: "POST", body: "a"},
				{method: "POST", body: "b", header: "Idempotency-Key: 7"},
			},
			script{{{text: ok}, {then: "close"}}, {{text: ok}}},
		},
		conformanceCase{
			"nor PUT and DELETE",
			[]asked{{method: "PUT", body: "a"}, {method: "DELETE"}},
			script{{{text: ok}, {then: "close"}}, {{text: ok}}},
		},
		conformanceCase{"a request asks to close", []asked{
			{method: "GET", header: "Connection: close"},
			{method: "GET"},
		}, script{
			{{text: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"}}, {{text: ok}},
		}},
		conformanceCase{"many requests", get(20), script{repeat(20, reply{text: ok})}},
		conformanceCase{"answers that differ", get(4), script{{
			{text: ok},
			{text: chunk + "2\r\nok\r\n0\r\n\r\n"},
			{text: "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"},
			{text: ok},
		}}},
		conformanceCase{"byte by byte", get(2), script{{
			{text: ok, drip: true},
			{text: chunk + "2\r\nok\r\n0\r\n\r\n", drip: true},
		}}},
		conformanceCase{
			"no headers in time",
			[]asked{{method: "GET", timeout: 50 * time.Millisecond}},
			script{{{then: "hang"}}},
		},
		conformanceCase{
			"half a header in time",
			[]asked{{method: "GET", timeout: 50 * time.Millisecond}},
			script{{{text: "HTTP/1.1 200 OK\r\nX", then: "hang"}}},
		},
		conformanceCase{
			"no headers in time after an answer",
			[]asked{{method: "GET"}, {method: "GET", timeout: 50 * time.Millisecond}},
			script{{{text: ok}, {then: "hang"}}},
		},
	)
	add(
		conformanceCase{"methods and bodies", []asked{
			{method: "POST"},
			{method: "POST", body: "text", header: "Content-Type: text/plain"},
			{method: "PUT", body: "x"},
			{method: "PATCH"},
			{method: "DELETE"},
			{method: "OPTIONS"},
			{method: "REPORT", body: "own method"},
			{method: "GET", body: "a GET with a body"},
		}, script{repeat(8, reply{text: ok})}},
		conformanceCase{"headers", []asked{
			{method: "GET", header: "Host: other.test:81\nX-A: a\nX-A: b\nx-b:  spaces \nAccept: */*"},
			{method: "GET", header: "User-Agent: \nContent-Length: 99\nTransfer-Encoding: x\nTrailer: y"},
		}, script{repeat(2, reply{text: ok})}},
		conformanceCase{"left to net/http", []asked{
			{method: "POST", header: "Expect: 100-continue", body: "text"},
			{method: "GET", header: "Upgrade: x\nConnection: Upgrade"},
		}, script{{{text: ok}, {text: ok}}}},
		conformanceCase{"refused by net/http", []asked{
			{method: "GET", header: "X-\x01: a"},
			{method: "GET", header: "X-A: a\x00b"},
			{method: "G T"},
			{method: "GET", header: "B\xc3\xa4d: x"},
		}, script{{{text: ok}}}},
		conformanceCase{"a body of 100 KB is sent", []asked{
			{method: "POST", body: strings.Repeat("x", 100_000)},
			{method: "GET"},
		}, script{{{text: ok}, {text: ok}}}},
		conformanceCase{"an early answer", []asked{
			{method: "POST", body: strings.Repeat("x", 64<<20)},
			{method: "GET"},
		}, script{
			{
				{text: "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", unread: true},
				{text: ok, then: "hang"},
			}, {{text: ok}},
		}},
	)
	return all
}

// Coded is a text in a content coding, for all tests of the package.
func Coded(t *testing.T, coding, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&buf)
	case "deflate":
		w = zlib.NewWriter(&buf)
	case "raw deflate":
		w, _ = flate.NewWriter(&buf, flate.BestSpeed)
	case "br":
		w = brotli.NewWriter(&buf)
	case "zstd":
		w, _ = zstd.NewWriter(&buf, zstd.WithEncoderConcurrency(1))
	}
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return &tls.Config{Certificates: server.TLS.Certificates}
}

func repeat(n int, r reply) []reply {
	turns := make([]reply, n)
	for i := range turns {
		turns[i] = r
	}
	return turns
}
