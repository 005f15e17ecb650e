package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"edgescope/cmd/collector/collectortest"
)

func (g *guarded) jsonWebTokens(t *testing.T) {
	claims := func(changes ...any) jwt.MapClaims {
		c := jwt.MapClaims{
			"iss": "https://id.example", "aud": "edgescope", "exp": time.Now().Add(time.Hour).Unix(), "tenant": "shop",
			"scope": "edgescope:read",
		}
		for i := 0; i < len(changes); i += 2 {
			c[changes[i].(string)] = changes[i+1]
		}
		return c
	}
	f := func(name string, want int, method jwt.SigningMethod, key any, c jwt.MapClaims) {
		t.Helper()
		token := jwt.NewWithClaims(method, c)
		token.Header["kid"] = "1"
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		if code, body := g.Get(t, text, "/api/edge/v1/overview"); code != want || strings.Contains(body, "zebra") {
			t.Errorf("%s: %d %.200s, want %d", name, code, body, want)
		}
		if code, _ := g.Do(t, collectortest.Request{
			Method: http.MethodPost, URL: g.URL("ingest") + "/v1/traces",
			Body: "{}", Headers: append(collectortest.Bearer(text), "Content-Type", "application/json"),
		}); code < 400 {
			t.Errorf("%s writes", name)
		}
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(g.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	f("a good one", 200, jwt.SigningMethodRS256, g.Key, claims())
	f("of another key", 401, jwt.SigningMethodRS256, other, claims())
	f("alg none", 401, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims())
	f("HS256 with the public key", 401, jwt.SigningMethodHS256, public, claims())
	f("expired", 401, jwt.SigningMethodRS256, g.Key, claims("exp", time.Now().Add(-time.Minute).Unix()))
	f("not yet valid", 401, jwt.SigningMethodRS256, g.Key, claims("nbf", time.Now().Add(time.Hour).Unix()))
	f("for another audience", 401, jwt.SigningMethodRS256, g.Key, claims("aud", "other"))
	f("of another issuer", 401, jwt.SigningMethodRS256, g.Key, claims("iss", "https://evil.example"))
	f("of no tenant", 403, jwt.SigningMethodRS256, g.Key, claims("tenant", "nobody"))
	f("without a scope", 403, jwt.SigningMethodRS256, g.Key, claims("scope", "openid"))
}

// dial connects to the gRPC port; without a configuration, in clear text.
func (g *guarded) dial(t *testing.T, c *tls.Config) ptraceotlp.GRPCClient {
	t.Helper()
	creds := insecure.NewCredentials()
	if c != nil {
		creds = credentials.NewTLS(c)
	}
	conn, err := grpc.NewClient(g.Addr("otlp-grpc"), grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return ptraceotlp.NewGRPCClient(conn)
}

func export(ctx context.Context, c ptraceotlp.GRPCClient, spans int, headers ...string) error {
	traces := ptrace.NewTraces()
	all := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := range spans {
		s := all.AppendEmpty()
		s.SetTraceID([16]byte{5})
		s.SetSpanID([8]byte{1, byte(i)})
		s.SetEndTimestamp(1)
	}
	_, err := c.Export(metadata.AppendToOutgoingContext(ctx, headers...), ptraceotlp.NewExportRequestFromTraces(traces))
	return err
}

func (g *guarded) grpc(t *testing.T) {
	client := g.dial(t, nil)
	f := func(want codes.Code, headers ...string) {
		t.Helper()
		if err := export(t.Context(), client, 0, headers...); status.Code(err) != want {
			t.Errorf("%v: got %v, want %s", headers, err, want)
		}
	}
	f(codes.OK, "authorization", "Bearer "+collectortest.ShopToken)
	f(codes.OK, "authorization", "bearer "+collectortest.PointToken)
	f(codes.Unauthenticated)
	f(codes.Unauthenticated, "authorization", "Bearer wrong")
	f(codes.Unauthenticated, "x-authorization", "Bearer "+collectortest.ShopToken)
	f(codes.Unauthenticated, "x-member", "shop")
	f(codes.PermissionDenied, "authorization", "Bearer "+collectortest.ReadToken)

	// The bytes of a call count against the rate of its tenant.
	var err error
	for range 5 {
		if err = export(t.Context(), client, 20, "authorization", "Bearer "+collectortest.SlowToken); err != nil {
			break
		}
	}
	st := status.Convert(err)
	var retry *errdetails.RetryInfo
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			retry = info
		}
	}
	if st.Code() != codes.ResourceExhausted || retry.GetRetryDelay().AsDuration() < time.Second {
		t.Errorf("beyond the rate: got %v with %v, want ResourceExhausted with RetryInfo", err, retry)
	}
}

func (g *guarded) rate(t *testing.T) {
	post := func() *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL("ingest")+"/v1/traces",
			strings.NewReader(`{"resourceSpans":[]}`+strings.Repeat(" ", 300)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+collectortest.SlowToken)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		return res
	}
	refused := func() (after int) {
		for range 3 {
			if res := post(); res.StatusCode == http.StatusTooManyRequests {
				after, _ = strconv.Atoi(res.Header.Get("Retry-After"))
				return after
			}
		}
		return 0
	}
	if after := refused(); after < 1 {
		t.Errorf("300 bytes at a rate of 50 a second: Retry-After %d", after)
	}
	if code, body := g.Do(t, collectortest.Request{
		Method: http.MethodPost, URL: g.URL("ingest") + "/v1/traces",
		Body: "{}", Headers: append(collectortest.Bearer(collectortest.ShopToken), "Content-Type",
			"application/json"),
	}); code != http.StatusOK {
		t.Errorf("another tenant meanwhile: %d %s", code, body)
	}
}

// TestTLSOnEveryDoor holds that with a certificate no door speaks anything else.
func TestTLSOnEveryDoor(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	trusted := writeCertificate(t, cert, key)
	g := startGuarded(t, "--tls-cert", cert, "--tls-key", key)
	pool := x509.NewCertPool()
	pool.AddCert(trusted)
	config := &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	defer client.CloseIdleConnections()
	f := func(listener, path string) {
		t.Helper()
		res, err := client.Get("https://" + g.Addr(listener) + path)
		if err != nil {
			t.Errorf("%s: %v", listener, err)
			return
		}
		res.Body.Close()
		if res.StatusCode >= 500 {
			t.Errorf("%s: status %d", listener, res.StatusCode)
		}
		plain, err := http.Get("http://" + g.Addr(listener) + path)
		if err == nil {
			plain.Body.Close()
			if plain.StatusCode != http.StatusBadRequest {
				t.Errorf("%s answers in clear text: status %d", listener, plain.StatusCode)
			}
		}
	}
	f("ingest", "/v1/traces")
	f("query", "/healthz")
	if err := export(t.Context(), g.dial(t, config), 0, "authorization",
		"Bearer "+collectortest.ShopToken); err != nil {
		t.Errorf("gRPC: %v", err)
	}
	if err := export(t.Context(), g.dial(t, nil), 0, "authorization",
		"Bearer "+collectortest.ShopToken); status.Code(err) != codes.Unavailable {
		t.Errorf("gRPC in clear text: got %v, want Unavailable", err)
	}
}

// writeCertificate makes a certificate of 127.0.0.1 that signs itself, and writes it into the files.
func writeCertificate(t *testing.T, certFile, keyFile string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
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
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// TestExamplesOfTheAccessGuideRun starts a collector with the token file of docs/access.md and pastes its curl
// examples.
func TestExamplesOfTheAccessGuideRun(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl: install it")
	}
	const guide, token = "docs/access.md", "replace-me-with-openssl-rand-hex-24"
	text, err := os.ReadFile(filepath.Join("..", "..", "..", guide))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "```yaml\n")
	tokens, _, ok := strings.Cut(after, "```")
	if !ok || !strings.Contains(tokens, token) {
		t.Fatalf("%s has no token file with the token %s", guide, token)
	}
	path := filepath.Join(t.TempDir(), "tokens.yml")
	// The guide gives the first token to a Worker; here it asks too.
	tokens = strings.Replace(tokens, "[write]", "[write, read]", 1)
	if err := os.WriteFile(path, []byte(tokens), 0o600); err != nil {
		t.Fatal(err)
	}
	c := collectortest.Start(t, t.TempDir(), "--tokens", path)
	addresses := strings.NewReplacer("127.0.0.1:4318", c.Addr("ingest"), "127.0.0.1:4320", c.Addr("query"))
	for _, example := range examples(t, guide) {
		f := func(token string, want bool) {
			t.Helper()
			cmd := exec.CommandContext(t.Context(), "bash", "-c",
				"set -e\ncurl() { command curl --fail-with-body \"$@\"; }\n"+addresses.Replace(example))
			cmd.Env = append(os.Environ(), "TOKEN="+token)
			if out, err := cmd.CombinedOutput(); (err == nil) != want {
				t.Errorf("with the token %q:\n%s\n%v: %s", token, example, err, out)
			}
		}
		f(token, true)
		f("another-token-of-nobody-at-all", false)
	}
}
