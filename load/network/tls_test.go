package network_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/network"
)

// identity is a certificate that signs itself, with its key, in PEM.
type identity struct{ cert, key []byte }

func newIdentity(tb testing.TB, name string) identity {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return identity{
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
	}
}

// quote makes a text a YAML scalar.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string has no way to fail
	return string(b)
}

func itoa(n int) string { return strconv.Itoa(n) }

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// host is the server's host:port.
func (s *edgeServer) host() string {
	_, host, _ := strings.Cut(s.URL, "://")
	return host
}

// TestSessionsAreResumed by users that come one after the other: each is a run of its own of one Runner.
func TestSessionsAreResumed(t *testing.T) {
	f := func(server string, sessions network.Sessions, want int) {
		t.Helper()
		s := speaking(t, server, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
		protocol := network.Protocol(server)
		if server == "https" {
			protocol = network.HTTP1
		}
		o := load.Options{Network: network.Options{Protocol: protocol, Sessions: sessions}}
		runner, err := load.New(loadtest.Plan(t, s.URL, s.script(1, "", "{get: {url: /}}")), o)
		if err != nil {
			t.Fatal(err)
		}
		resumed := 0
		for range 3 {
			err := runner.Run(t.Context(), func(e load.Event) {
				r, ok := e.(*load.Result)
				if ok && (r.Failure != "" || r.TLS <= 0) {
					t.Errorf("%s: failure %q, tls %v", server, r.Failure, r.TLS)
				}
				if ok && r.Connection != nil && r.Connection.Resumed {
					resumed++
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if resumed != want {
			t.Errorf("%s, sessions %q: %d of 3 handshakes were resumed, want %d", server, sessions, resumed, want)
		}
	}
	for _, server := range []string{"https", "2", "3"} {
		f(server, "", 0)
		f(server, network.SessionsUser, 0)
		f(server, network.SessionsShared, 2)
		f(server, network.SessionsNone, 0)
	}
}

// TestAUserTakesUpItsOwnSession when its connection was closed.
func TestAUserTakesUpItsOwnSession(t *testing.T) {
	s := speaking(t, "https", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	f := func(sessions network.Sessions, want []bool) {
		t.Helper()
		var resumed []bool
		for _, r := range loadtest.Results(loadtest.Run(t, s.URL, s.script(1, "", "{get: {url: /}}, {get: {url: /}}"),
			load.Options{Network: network.Options{Sessions: sessions}})) {
			resumed = append(resumed, r.Connection.Resumed)
		}
		if diff := cmp.Diff(want, resumed); diff != "" {
			t.Errorf("sessions %q (-want +got):\n%s", sessions, diff)
		}
	}
	f("", []bool{false, true})
	f(network.SessionsNone, []bool{false, false})
}

// TestTLSOptionsOfTheScript: a client certificate that the server asks for, a name that differs from the host,
// versions.
func TestTLSOptionsOfTheScript(t *testing.T) {
	for _, server := range []string{"https", "2", "3"} {
		protocol := network.Protocol(server)
		if server == "https" {
			protocol = network.HTTP1
		}
		client, pool := newIdentity(t, "client.test"), x509.NewCertPool()
		pool.AppendCertsFromPEM(client.cert)
		s := speaking(t, server, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.TLS.ServerName+" "+itoa(len(r.TLS.PeerCertificates)))
		}, func(c *tls.Config) { c.ClientCAs, c.ClientAuth = pool, tls.RequireAndVerifyClientCert })
		f := func(options, wantBody, wantFailure string) {
			t.Helper()
			script := "config: {tls: {ca: " + quote(string(s.pemOf())) + options +
				"}, phases: [{duration: 1ms, arrivalCount: 1}]}\n" +
				"scenarios: [{flow: [{get: {url: /, expect: {matchesRegexp: '^" + wantBody + "$'}}}]}]"
			r := loadtest.Results(loadtest.Run(t, s.URL, script,
				load.Options{Network: network.Options{Protocol: protocol}}))[0]
			if r.Failure != wantFailure || wantFailure == "" && (len(r.Outcomes) == 0 || !r.Outcomes[0].OK) {
				t.Errorf("%s, %s: failure %q, outcomes %v; want %q and %q", server, options, r.Failure, r.Outcomes,
					wantFailure, wantBody)
			}
		}
		pair := ", cert: " + quote(string(client.cert)) + ", key: " + quote(string(client.key))
		f(pair+", servername: example.com", "example.com 1", "")
		f(pair+", servername: shop.test", "", "ERR_TLS_CERT_ALTNAME_INVALID")
		f("", "", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED")
	}
}

// TestKeyExchangeIsClassicalUnlessTheScriptAsks, as in node 22.
func TestKeyExchangeIsClassicalUnlessTheScriptAsks(t *testing.T) {
	for _, server := range []string{"https", "2", "3"} {
		s := speaking(t, server, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.TLS.CurveID.String())
		})
		protocol := network.Protocol(server)
		if server == "https" {
			protocol = network.HTTP1
		}
		f := func(options, want string) {
			t.Helper()
			script := "config: {tls: {rejectUnauthorized: false" + options +
				"}, phases: [{duration: 1ms, arrivalCount: 1}]}\n" +
				"scenarios: [{flow: [{get: {url: /, expect: {matchesRegexp: '^" + want + "$'}}}]}]"
			r := loadtest.Results(loadtest.Run(t, s.URL, script,
				load.Options{Network: network.Options{Protocol: protocol}}))[0]
			if len(r.Outcomes) == 0 || !r.Outcomes[0].OK {
				t.Errorf("%s%s: failure %q, outcomes %v; want %s", server, options, r.Failure, r.Outcomes, want)
			}
		}
		f("", "X25519")
		f(", ecdhCurve: 'X25519MLKEM768:X25519'", "X25519MLKEM768")
		f(", ecdhCurve: P-384", "CurveP384")
	}
}

func TestTLSVersionsOfTheScript(t *testing.T) {
	f := func(highest uint16, options, wantVersion, wantFailure string) {
		t.Helper()
		s := speaking(t, "https", func(http.ResponseWriter, *http.Request) {},
			func(c *tls.Config) { c.MaxVersion = highest })
		script := "config: {tls: {rejectUnauthorized: false, " + options +
			"}, phases: [{duration: 1ms, arrivalCount: 1}]}\nscenarios: [{flow: [{get: {url: /}}]}]"
		r := loadtest.Results(loadtest.Run(t, s.URL, script, load.Options{}))[0]
		got := network.Connection{}
		if r.Connection != nil {
			got = *r.Connection
		}
		want := network.Connection{TLS: wantVersion}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(network.Connection{}, "Protocol", "Remote")); diff != "" ||
			r.Failure != wantFailure {
			t.Errorf("%s: failure %q, want %q; connection (-want +got):\n%s", options, r.Failure, wantFailure, diff)
		}
	}
	f(0, "maxVersion: TLSv1.2", "1.2", "")
	f(0, "minVersion: TLSv1.3", "1.3", "")
	f(tls.VersionTLS12, "minVersion: TLSv1.3", "", "EPROTO")
}
