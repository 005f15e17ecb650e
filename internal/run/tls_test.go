package run_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"edgescope/internal/run"
)

// writeCertificate makes a certificate of 127.0.0.1 that signs itself, and writes it into the files.
func writeCertificate(t *testing.T, name string, o run.TLSOptions) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		os.WriteFile(o.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(o.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestListenersSpeakTLSAndTakeANewCertificate(t *testing.T) {
	dir := t.TempDir()
	o := run.TLSOptions{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	first := writeCertificate(t, "first", o)
	cert, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := run.Serve(t.Context(), run.ServerOptions{
		Name: "ingest", Addr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), TLS: cert.Config(),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Proto", r.Proto) }),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop(t.Context())
	get := func(trusted *x509.Certificate, most uint16) (proto, name string, err error) {
		pool := x509.NewCertPool()
		pool.AddCert(trusted)
		transport := &http.Transport{
			ForceAttemptHTTP2: true,
			TLSClientConfig:   &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: most},
		}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get("https://" + s.Addr())
		if err != nil {
			return "", "", err
		}
		defer resp.Body.Close()
		return resp.Header.Get("Proto"), resp.TLS.PeerCertificates[0].Subject.CommonName, nil
	}
	if proto, name, err := get(first, tls.VersionTLS13); proto != "HTTP/2.0" || name != "first" || err != nil {
		t.Errorf("got %s with %s, %v", proto, name, err)
	}
	if _, _, err := get(first, tls.VersionTLS12); err != nil {
		t.Errorf("TLS 1.2: %v", err)
	}
	if _, _, err := get(first, tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is taken")
	}
	if resp, err := http.Get("http://" + s.Addr()); err == nil {
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			t.Error("a request without TLS is answered")
		}
	}

	second := writeCertificate(t, "second", o)
	if changed, err := cert.Reload(t.Context()); !changed || err != nil {
		t.Fatalf("got %v, %v", changed, err)
	}
	if changed, err := cert.Reload(t.Context()); changed || err != nil {
		t.Errorf("the same files again: got %v, %v", changed, err)
	}
	if _, name, err := get(second, tls.VersionTLS13); name != "second" || err != nil {
		t.Errorf("got %s, %v", name, err)
	}
	// Half of a replacement: the key is of another certificate.
	writeCertificate(t, "third", run.TLSOptions{Cert: o.Cert, Key: filepath.Join(dir, "other.pem")})
	if changed, err := cert.Reload(t.Context()); changed || err == nil || !strings.Contains(err.Error(), o.Cert) {
		t.Errorf("a certificate with another's key: got %v, %v", changed, err)
	}
	if _, name, err := get(second, tls.VersionTLS13); name != "second" || err != nil {
		t.Errorf("got %s, %v", name, err)
	}
}

func TestTLSWantsBothFiles(t *testing.T) {
	f := func(o run.TLSOptions, want string) {
		t.Helper()
		err := o.Validate()
		if err == nil {
			_, err = o.Open(t.Context())
		}
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: got %v, want %q", o, err, want)
		}
	}
	f(run.TLSOptions{}, "")
	f(run.TLSOptions{Cert: "c"}, "both or none")
	f(run.TLSOptions{Key: "k"}, "both or none")
	f(run.TLSOptions{Cert: "/does/not/exist", Key: "/does/not/exist"}, "read the TLS certificate")
	if c, err := new(run.TLSOptions).Open(t.Context()); c.Config() != nil || err != nil {
		t.Errorf("without files: got %v, %v", c, err)
	}
}

func TestWatchTellsOfChangesAndOfEachErrorOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string,
			a slog.Attr,
		) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		bad := errors.New("bad")
		answers := []struct {
			changed bool
			err     error
		}{
			{false, nil},
			{true, nil},
			{false, bad},
			{false, bad},
			{false, errors.New("worse")},
			{true, nil},
			{false, nil},
		}
		looked := time.Duration(len(answers)) * time.Second // from here on the answers belong to the watching goroutine
		stop := run.Watch(t.Context(), log, run.Watched{
			Name: "tokens", Every: time.Second,
			Reload: func(context.Context) (bool, error) {
				a := answers[0]
				answers = answers[1:]
				return a.changed, a.err
			},
		})
		time.Sleep(looked + time.Millisecond) // of the bubble's clock
		if err := stop(t.Context()); err != nil {
			t.Error(err)
		}
		const failed = `level=ERROR msg="reload failed: what was read before stays in use" name=tokens error=`
		want := "level=INFO msg=reloaded name=tokens\n" + failed + "bad\n" + failed + "worse\n" +
			"level=INFO msg=\"reload works again\" name=tokens changed=true\n"
		if out.String() != want {
			t.Errorf("got\n%swant\n%s", out.String(), want)
		}
	})
}

// TestHTTP2WithoutTLSIsTold: a gRPC client without TLS finds an answer in text, and the text says what it lacks.
func TestHTTP2WithoutTLSIsTold(t *testing.T) {
	dir := t.TempDir()
	o := run.TLSOptions{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	writeCertificate(t, "any", o)
	cert, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := run.Serve(t.Context(), run.ServerOptions{
		Name: "otlp-grpc", Addr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), TLS: cert.Config(),
		Handler: http.NotFoundHandler(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop(t.Context())
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "400 Bad Request") ||
		!strings.Contains(string(answer), "this port speaks TLS") {
		t.Errorf("it answers %q, %v", answer, err)
	}
	client, err := grpc.NewClient(s.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	err = client.Invoke(t.Context(), "/any/Method", &emptypb.Empty{}, &emptypb.Empty{})
	if err == nil || !strings.Contains(err.Error(), "looked like an HTTP/1.1 header") {
		t.Errorf("a gRPC client says %v, want that it met HTTP/1.1", err)
	}
}

// TestHalfAHandshakeGivesWay: connections whose TLS handshake does not end can't keep others out.
func TestHalfAHandshakeGivesWay(t *testing.T) {
	dir := t.TempDir()
	o := run.TLSOptions{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	root := writeCertificate(t, "any", o)
	cert, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := run.Serve(t.Context(), run.ServerOptions{
		Name: "ingest", Addr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), TLS: cert.Config(), MaxConns: 2,
		Handler: http.NotFoundHandler(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop(t.Context())
	for range 5 {
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "\x16\x03\x01\x02\x00\x01")
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get("https://" + s.Addr())
	if err != nil {
		t.Fatalf("a visitor among half handshakes: %v", err)
	}
	res.Body.Close()
}
