package pemkey

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
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
