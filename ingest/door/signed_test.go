package door

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"edgescope/ingest/body"
	"edgescope/ingest/otlp"
	"edgescope/ingest/refusals"
)

const secret = "a secret of at least twenty characters"

func sign(body []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// knows admits what the secret has signed.
func knows(_ context.Context, _ int, signed func([]byte) bool) error {
	for _, s := range []string{"another secret that is long enough", secret} {
		if signed([]byte(s)) {
			return nil
		}
	}
	return errors.New("unknown")
}

// echo returns what it was sent, and 401 to who has neither a token nor a signature, as a receiver behind a guard does.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") == "" && r.Header.Get("X-Vercel-Signature") == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = io.Copy(w, r.Body)
})

// signedBefore is what stands before the rest of the port.
func signedBefore(t *testing.T, next http.Handler, o Options) http.Handler {
	t.Helper()
	o.OTLP, o.Logger = new(otlp.Receiver), slog.New(slog.DiscardHandler)
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d.signed(next)
}

func TestASignatureStandsForAToken(t *testing.T) {
	budget := body.NewBudget(64 << 20)
	remembered := refusals.New(refusals.Options{})
	d := signedBefore(t, echo, Options{
		Signed: Signed{Admit: knows, Budget: budget}, Bodies: body.NewReader(body.Options{
			Budget:  budget,
			MaxBody: 1 << 20,
		}), Refusals: remembered,
	})
	f := func(text []byte, headers map[string]string, wantStatus int, wantBody string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, "/v1/traces", bytes.NewReader(text))
		for k, v := range headers {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != wantStatus || !strings.Contains(w.Body.String(), wantBody) {
			t.Errorf("%v: %d %.100s, want %d %s", headers, w.Code, w.Body, wantStatus, wantBody)
		}
		if used := budget.Used(); used != 0 {
			t.Errorf("%v: %d bytes are still taken", headers, used)
		}
	}
	text := []byte(`[{"id":"1"}]`)
	const header = "X-Vercel-Signature"
	f(text, map[string]string{header: sign(text)}, 200, string(text))
	f(text, map[string]string{header: strings.ToUpper(sign(text))}, 200, string(text))
	f(nil, map[string]string{header: sign(nil)}, 200, "")
	f(text, map[string]string{header: sign([]byte("other"))}, 401, "drain_secret")
	f(text, map[string]string{header: sign(text)[:38]}, 401, "drain_secret")
	f(text, map[string]string{header: "sha1=" + sign(text)}, 401, "drain_secret")
	f(text, map[string]string{header: "x"}, 401, "drain_secret")
	f(text, nil, 401, "") // that is the receiver's to say
	f(text, map[string]string{header: "x", "Authorization": "Bearer t"}, 200, string(text))

	packed := gzipped(t, string(text))
	f(packed, map[string]string{header: sign(packed), "Content-Encoding": "gzip"}, 200, string(packed))
	f(packed, map[string]string{header: sign(text), "Content-Encoding": "gzip"}, 200, string(packed))
	f(text, map[string]string{header: sign(text), "Content-Encoding": "gzip"}, 400, "no valid gzip")
	f(gzipped(t, strings.Repeat("x", 2<<20)), map[string]string{header: sign(text), "Content-Encoding": "gzip"}, 413,
		"more than 1048576 bytes")

	most := bytes.Repeat([]byte("x"), 8<<20)
	f(most, map[string]string{header: sign(most)}, 200, "xxx")
	f(append(most, 'x'), map[string]string{header: sign(append(most, 'x'))}, 413, "a signed body has more than")
	if got := remembered.Example(0, refusals.Requests, "unauthenticated",
		"somebody at 192.0.2.1"); !strings.Contains(got, "signature") {
		t.Errorf("remembered is %q", got)
	}
}

// TestSignedBodiesAreBounded: who has no secret holds four bodies at most, and nothing of other doors.
func TestSignedBodiesAreBounded(t *testing.T) {
	budget := body.NewBudget(64 << 20)
	d := signedBefore(t, echo, Options{
		Signed: Signed{Admit: knows, Budget: budget},
		Bodies: body.NewReader(body.Options{Budget: budget, MaxBody: 1 << 20}),
	})
	begun, end := make(chan struct{}), make(chan struct{})
	done := make(chan int)
	for range 4 {
		go func() {
			r := httptest.NewRequest(http.MethodPost, "/", &slow{begun: begun, end: end})
			r.ContentLength = -1
			r.Header.Set("X-Vercel-Signature", sign(nil))
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			done <- w.Code
		}()
		<-begun
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x"))
	r.Header.Set("X-Vercel-Signature", sign([]byte("x")))
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("a fifth one: %d, want 429 with Retry-After", w.Code)
	}
	if used := budget.Used(); used > 33<<20 {
		t.Errorf("%d bytes are taken", used)
	}
	r = httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x"))
	r.Header.Set("Authorization", "Bearer t")
	w = httptest.NewRecorder()
	if d.ServeHTTP(w, r); w.Code != http.StatusOK {
		t.Errorf("with a token: %d", w.Code)
	}
	close(end)
	for range 4 {
		if code := <-done; code != http.StatusOK {
			t.Errorf("one of the four got %d", code)
		}
	}
}

// slow is a body that says when it is read, and ends when it is told to.
type slow struct {
	begun, end chan struct{}
	told       bool
}

func (s *slow) Read([]byte) (int, error) {
	if !s.told {
		s.told = true
		s.begun <- struct{}{}
	}
	<-s.end
	return 0, io.EOF
}

func TestTheQuestionWhoseAddressThisIsIsAnswered(t *testing.T) {
	f := func(verify, method, path, text string, headers string, wantStatus int) {
		t.Helper()
		budget := body.NewBudget(1 << 20)
		d := signedBefore(t, echo, Options{
			Signed: Signed{Verify: verify},
			Bodies: body.NewReader(body.Options{Budget: budget, MaxBody: 1 << 20}),
		})
		r := httptest.NewRequest(method, path, strings.NewReader(text))
		if name, value, ok := strings.Cut(headers, ": "); ok {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != wantStatus || w.Header().Get("x-vercel-verify") != verify {
			t.Errorf("%s %s: %d with %q, want %d with %q", method, path, w.Code, w.Header().Get("x-vercel-verify"),
				wantStatus, verify)
		}
	}
	f("c0de", http.MethodGet, "/v1/vercel", "", "", 200)
	f("c0de", http.MethodHead, "/v1/traces", "", "", 200)
	f("c0de", http.MethodPost, "/v1/vercel", "", "", 200)
	f("c0de", http.MethodGet, "/", "", "", 401) // the root greets
	f("c0de", http.MethodPost, "/v1/vercel", "[]", "", 401)
	f("c0de", http.MethodPost, "/v1/vercel", "[]", "Authorization: Bearer t", 200)
	f("c0de", http.MethodPut, "/v1/vercel", "", "", 401)
	f("", http.MethodGet, "/v1/vercel", "", "", 401)
}
