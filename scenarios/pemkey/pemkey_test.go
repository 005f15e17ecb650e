package pemkey

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzDecrypt: no file makes it panic or work for long, and what comes back is PEM.
func FuzzDecrypt(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("..", "testdata", "tls", "*.pem"))
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if block, _ := pem.Decode(text); block != nil {
			f.Add(block.Bytes, "secret")
		}
	}
	f.Fuzz(func(t *testing.T, der []byte, passphrase string) {
		sealed := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
		key, err := Decrypt(sealed, []byte(passphrase))
		if err == nil && !bytes.HasPrefix(key, []byte("-----BEGIN PRIVATE KEY-----")) {
			t.Errorf("a key came back as %q", key)
		}
	})
}

// TestKeysThatAreNotRead: what a key is encrypted with is told when it is not one that is read, and so is a broken one.
func TestKeysThatAreNotRead(t *testing.T) {
	sealed := func(der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
	}
	marshal := func(v any) []byte {
		t.Helper()
		der, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	algorithm := func(oid asn1.ObjectIdentifier, parameters any) pkix.AlgorithmIdentifier {
		return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.RawValue{FullBytes: marshal(parameters)}}
	}
	key := func(derivation, encryption pkix.AlgorithmIdentifier, data []byte) []byte {
		return sealed(marshal(encryptedKey{Algorithm: algorithm(oidPBES2, pbes2{derivation, encryption}), Data: data}))
	}
	other := asn1.ObjectIdentifier{1, 2, 3}
	iv := make([]byte, 16)
	stretched := func(times int, function asn1.ObjectIdentifier) pkix.AlgorithmIdentifier {
		return algorithm(oidPBKDF2, pbkdf2Params{
			Salt: []byte("salt"), Iterations: times,
			Function: algorithm(function, asn1.NullRawValue),
		})
	}
	aes := algorithm(oidAES256, iv)
	f := func(key []byte, passphrase, want string) {
		t.Helper()
		_, err := Decrypt(key, []byte(passphrase))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f(sealed(marshal(encryptedKey{Algorithm: algorithm(other, 1)})), "p", "it is encrypted by 1.2.3, want PBES2")
	f(sealed([]byte("no ASN.1")), "p", "read the encrypted key")
	f(sealed(marshal(encryptedKey{Algorithm: algorithm(oidPBES2, 7)})), "p", "read how the key is encrypted")
	f(key(stretched(1, oidHMACSHA256), algorithm(other, iv), iv), "p", "it is encrypted by 1.2.3, want AES-CBC")
	f(key(algorithm(other, 1), aes, iv), "p", "its passphrase is stretched by 1.2.3, want PBKDF2")
	f(key(algorithm(oidPBKDF2, 7), aes, iv), "p", "read how the passphrase is stretched")
	f(key(stretched(0, oidHMACSHA256), aes, iv), "p", "stretched 0 times, want 1 to 2000000")
	f(key(stretched(2_000_001, oidHMACSHA256), aes, iv), "p", "stretched 2000001 times")
	f(key(stretched(1, other), aes, iv), "p", "stretched with 1.2.3, want HMAC with SHA-1, SHA-256 or SHA-512")
	f(key(stretched(1, oidHMACSHA256), algorithm(oidAES128, iv[:8]), iv), "p",
		"the initialization vector is not of 16 bytes")
	f(key(stretched(1, oidHMACSHA256), aes, iv[:15]), "p", "the encrypted key is cut off")
	f(key(stretched(1, oidHMACSHA256), aes, nil), "p", "the encrypted key is cut off")
	f(key(stretched(1, oidHMACSHA256), aes, iv), "", "it is encrypted: give its passphrase")

	for _, plain := range []string{"", "no PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if got, err := Decrypt([]byte(plain), []byte("p")); err != nil || string(got) != plain {
			t.Errorf("%q became %q, %v", plain, got, err)
		}
	}
}
