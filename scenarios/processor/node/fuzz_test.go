package node_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"unicode/utf8"

	"github.com/grafana/sobek"
)

// call calls a function of JavaScript with bytes, and returns its text or what it threw.
func (e *engine) call(t *testing.T, source string, data []byte) (string, error) {
	t.Helper()
	v, err := e.rt.RunString(source)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := sobek.AssertFunction(v)
	got, err := f(sobek.Undefined(), e.rt.ToValue(e.rt.NewArrayBuffer(data)))
	if err != nil {
		return "", err
	}
	return got.String(), nil
}

// FuzzBuffer holds that bytes and texts keep what they say in every encoding.
func FuzzBuffer(f *testing.F) {
	for _, seed := range []string{"", "a", "é€😀", "\xff\xfe", "\xe2\x82", "\xed\xa0\x80", "\x00\x7f\x80", "=-_"} {
		f.Add([]byte(seed))
	}
	e := start(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		want := map[string]string{"hex": hex.EncodeToString(data), "base64": base64.StdEncoding.EncodeToString(data)}
		for _, encoding := range []string{"hex", "base64", "base64url", "latin1"} {
			back := "(b) => { const B = Buffer, x = B.from(b); return B.from(x.toString('" + encoding + "'), '" + encoding + "').equals(x) }"
			if got, err := e.call(t, back, bytes.Clone(data)); got != "true" || err != nil {
				t.Errorf("%q does not survive %s: %s, %v", data, encoding, got, err)
			}
			got, err := e.call(t, "(b) => Buffer.from(b).toString('"+encoding+"')", bytes.Clone(data))
			if text, ok := want[encoding]; err != nil || ok && got != text {
				t.Errorf("%q as %s is %q, %v", data, encoding, got, err)
			}
		}
		got, err := e.call(t, "(b) => Buffer.from(b).toString()", bytes.Clone(data))
		if err != nil || !utf8.ValidString(got) || utf8.Valid(data) && got != string(data) {
			t.Errorf("%q as utf8 is %q, %v", data, got, err)
		}
		parts := "(b) => { const {StringDecoder} = require('string_decoder'), d = new StringDecoder(), x = Buffer.from(b); " +
			"let s = ''; for (const c of x) s += d.write(Buffer.of(c)); return s + d.end() === x.toString() }"
		if got, err := e.call(t, parts, bytes.Clone(data)); err != nil || utf8.Valid(data) && got != "true" {
			t.Errorf("%q byte by byte: %s, %v", data, got, err)
		}
	})
}

// FuzzForeignText holds that what scripts hand to Go's parsers ends in a value or an error of JavaScript.
func FuzzForeignText(f *testing.F) {
	for _, seed := range []string{
		"",
		"http://a/b?c#d",
		"http://[::1", "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----", "\x1f\x8b\x08",
		"x\x9c\x03\x00", "a=b&c=%zz", "%", "0\x82\x00\x00", "//h:99999/", "data:,", "\x78\x01",
	} {
		f.Add([]byte(seed))
	}
	e := start(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, source := range []string{
			"(s) => new URL(s).href",
			"(s) => new URL('http://h/' + s).href", "(s) => new URLSearchParams(s).toString()",
			"(s) => require('url').parse(s).href", "(s) => JSON.stringify(require('querystring').parse(s))",
			"(s) => require('path').normalize(s)", "(s) => require('crypto').createPrivateKey(s).type",
			"(s) => require('crypto').createPublicKey(s).type", "(s) => require('util').inspect(s)",
		} {
			_, err := e.call(t, "(b) => ("+source+")(Buffer.from(b).toString())", bytes.Clone(data))
			thrown(t, source, err)
		}
		for _, source := range []string{
			"(b) => require('zlib').unzipSync(b)",
			"(b) => require('zlib').inflateRawSync(b)", "(b) => require('zlib').brotliDecompressSync(b)",
			"(b) => require('crypto').createPrivateKey({key: b, format: 'der', type: 'pkcs8'})",
			"(b) => require('crypto').createPublicKey(b)",
		} {
			_, err := e.call(t, "(b) => ("+source+")(Buffer.from(b))", bytes.Clone(data))
			thrown(t, source, err)
		}
	})
}

// thrown holds that an error is one that JavaScript can catch, and no text of Go.
func thrown(t *testing.T, source string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	exception, ok := err.(*sobek.Exception) //nolint:errorlint // the bare one
	if !ok || exception.Value().ToObject(nil).Get("name").String() == "GoError" {
		t.Errorf("%s: %v", source, err)
	}
}
