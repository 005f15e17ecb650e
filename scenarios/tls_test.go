package scenarios_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

// withTLS loads a script with options of config.tls; files are those of testdata/tls.
func withTLS(t *testing.T, options string) (*plan.Plan, error) {
	t.Helper()
	script := "config:\n  target: https://a.test\n  phases: [{duration: 1, arrivalRate: 1}]\n  tls: {" + options +
		"}\nscenarios: [{flow: [{get: {url: /}}]}]"
	return scenarios.Load(scenarios.Options{Files: []string{"s.yml"}, ReadFile: func(name string) ([]byte, error) {
		if name == "s.yml" {
			return []byte(script), nil
		}
		return os.ReadFile(filepath.Join("testdata", "tls", filepath.Base(name)))
	}})
}

// TestClientKeysAreDecrypted: what openssl genpkey and openssl pkcs8 -topk8 write, in all ciphers that they offer of
// AES.
func TestClientKeysAreDecrypted(t *testing.T) {
	f := func(key, passphrase, wantError string) {
		t.Helper()
		p, err := withTLS(t, "cert: client.pem, key: "+key+passphrase)
		if wantError != "" {
			if err == nil || !strings.Contains(err.Error(), wantError) {
				t.Errorf("%s: error %v, want %q", key, err, wantError)
			}
			return
		}
		if err != nil {
			t.Errorf("%s: %v", key, err)
			return
		}
		if _, err := tls.X509KeyPair(p.TLS.Cert, p.TLS.Key); err != nil {
			t.Errorf("%s does not fit its certificate: %v", key, err)
		}
	}
	f("plain.pem", "", "")
	f("aes256.pem", ", passphrase: secret", "")
	f("aes192-sha512.pem", ", passphrase: secret", "")
	f("aes128-sha1.pem", ", passphrase: secret", "")
	f("aes256.pem", "", "key: it is encrypted: give its passphrase")
	f("aes256.pem", ", passphrase: wrong", "key: the passphrase is wrong")
	f("old.pem", ", passphrase: secret", "key: it is encrypted in an old form that protects little")
	f("scrypt.pem", ", passphrase: secret", "want PBKDF2")
	f("des3.pem", ", passphrase: secret", "want AES-CBC")
}

func TestOptionsOfTLS(t *testing.T) {
	f := func(options string, want plan.TLS, wantError string) {
		t.Helper()
		p, err := withTLS(t, options)
		if wantError != "" {
			if err == nil || !strings.Contains(err.Error(), wantError) {
				t.Errorf("%s: error %v, want %q", options, err, wantError)
			}
			return
		}
		if err != nil {
			t.Errorf("%s: %v", options, err)
			return
		}
		if diff := cmp.Diff(want, p.TLS); diff != "" {
			t.Errorf("%s (-want +got):\n%s", options, diff)
		}
	}
	f("rejectUnauthorized: false", plan.TLS{Insecure: true}, "")
	f("servername: shop.test, sessions: shared", plan.TLS{ServerName: "shop.test", Sessions: "shared"}, "")
	f("minVersion: TLSv1.2, maxVersion: TLSv1.3", plan.TLS{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13}, "")
	f("minVersion: TLSv1, maxVersion: TLSv1.1", plan.TLS{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "")
	f("ecdhCurve: 'X25519MLKEM768:P-256'", plan.TLS{Curves: []tls.CurveID{tls.X25519MLKEM768, tls.CurveP256}}, "")
	f("ecdhCurve: X448", plan.TLS{}, `ecdhCurve "X448" is unknown, want X25519, X25519MLKEM768`)
	f("minVersion: TLSv1.3, maxVersion: TLSv1.2", plan.TLS{}, "minVersion is above maxVersion")
	f("minVersion: 1.2", plan.TLS{}, "minVersion must be TLSv1 or TLSv1.1 or TLSv1.2 or TLSv1.3")
	f("sessions: all", plan.TLS{}, "sessions must be user or shared or none")
	f("pfx: client.p12", plan.TLS{}, "pfx is not supported: make PEM files of it with openssl pkcs12")
	f("cert: client.pem", plan.TLS{}, "tls needs both cert and key, or neither")
	f("rejectUnauthorised: false", plan.TLS{}, `did you mean "rejectUnauthorized"?`)
}

func TestVersionOfHTTP(t *testing.T) {
	f := func(version, want, wantError string) {
		t.Helper()
		script := "config: {target: 'https://a.test', http: {version: " + version +
			"}, phases: [{duration: 1, arrivalRate: 1}]}\nscenarios: [{flow: [{get: {url: /}}]}]"
		p, err := scenarios.Load(scenarios.Options{
			Files:    []string{"s.yml"},
			ReadFile: func(string) ([]byte, error) { return []byte(script), nil },
		})
		switch {
		case wantError != "" && (err == nil || !strings.Contains(err.Error(), wantError)):
			t.Errorf("%s: error %v, want %q", version, err, wantError)
		case wantError == "" && (err != nil || p.HTTP.Version != want):
			t.Errorf("%s: %v, want %q", version, err, want)
		}
	}
	f("1.1", "1.1", "")
	f("'1.1'", "1.1", "")
	f("2", "2", "")
	f("'2'", "2", "")
	f("h2c", "h2c", "")
	f("3", "3", "")
	f("1.0", "", "version must be 1.1 or 2 or h2c or 3")
	f("h2", "", "version must be 1.1 or 2 or h2c or 3")
	f("[2]", "", "version must be 1.1 or 2 or h2c or 3")
}
