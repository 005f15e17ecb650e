package run

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// TLSOptions name the files of a certificate. The zero value means no TLS.
type TLSOptions struct {
	Cert, Key string
}

// Register adds --tls-cert and --tls-key.
func (o *TLSOptions) Register(f *Flags) {
	f.String(&o.Cert, "tls-cert", "", "speak TLS with the certificate, and its chain, in this PEM `file`")
	f.String(&o.Key, "tls-key", "", "the certificate's private key, a PEM `file`")
}

// Validate wants both files or none.
func (o *TLSOptions) Validate() error {
	if (o.Cert == "") != (o.Key == "") {
		return Usage("--tls-cert and --tls-key: give both or none")
	}
	return nil
}

// Open reads the certificate. Without files it returns nil, and a nil *Certificate means no TLS.
func (o *TLSOptions) Open(ctx context.Context) (*Certificate, error) {
	if o.Cert == "" {
		return nil, nil //nolint:nilnil // nil is the certificate of a program without TLS
	}
	c := &Certificate{o: *o}
	if _, err := c.Reload(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Certificate is a certificate in files that may be replaced while the program runs. It is safe for concurrent use.
type Certificate struct {
	o       TLSOptions
	current atomic.Pointer[tls.Certificate]

	mu     sync.Mutex // held while reading
	digest [sha256.Size]byte
}

// Reload reads the files again and returns whether they changed. With an error, as when only one of the two was
// replaced yet, the certificate from before stays in use. A nil Certificate never changes.
func (c *Certificate) Reload(context.Context) (changed bool, err error) {
	if c == nil {
		return false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	cert, err := os.ReadFile(c.o.Cert)
	if err != nil {
		return false, fmt.Errorf("read the TLS certificate: %w", err)
	}
	key, err := os.ReadFile(c.o.Key)
	if err != nil {
		return false, fmt.Errorf("read the key of the TLS certificate: %w", err)
	}
	digest := sha256.Sum256(bytes.Join([][]byte{cert, key}, []byte{0}))
	if c.current.Load() != nil && digest == c.digest {
		return false, nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return false, fmt.Errorf("TLS certificate %s with key %s: %w", c.o.Cert, c.o.Key, err)
	}
	c.digest = digest
	c.current.Store(&pair)
	return true, nil
}

// Config returns a configuration whose new connections use the current certificate, TLS 1.2 and later; nil for a nil
// Certificate.
func (c *Certificate) Config() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}
