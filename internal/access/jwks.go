package access

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errNoKeys     = errors.New("no keys")
	errUnknownKey = errors.New("unknown key")
)

const (
	// maxKeySet bounds a set of keys in bytes; those of the large providers have under 20 kB.
	maxKeySet = 1 << 20
	// minRSABits is what RFC 7518 section 3.3 wants of a key for RS256; maxRSABits bounds what verifying costs.
	minRSABits, maxRSABits = 2048, 16384
)

// publicKey is a key of the set: *rsa.PublicKey for RS256 or *ecdsa.PublicKey for ES256.
type publicKey struct {
	alg string
	key any
}

// keySet is the set of keys that an identity provider publishes. Verifying uses what was fetched last; an unknown key
// id fetches again, but not more often than every refetchAfter, however many tokens with made-up ids come.
type keySet struct {
	url          string
	client       *http.Client
	refetchAfter time.Duration
	now          func() time.Time

	keys atomic.Pointer[map[string]publicKey] // nil before the first fetch

	mu      sync.Mutex // held while fetching
	fetched time.Time  // when it was last tried
	digest  [sha256.Size]byte
}

// find returns the key of that id for that algorithm. A token without an id is taken when there is one key only.
func (s *keySet) find(ctx context.Context, id, alg string) (any, error) {
	k, ok := s.look(id)
	if !ok {
		if err := s.refetch(ctx); err != nil {
			return nil, err
		}
		if k, ok = s.look(id); !ok {
			return nil, errUnknownKey
		}
	}
	if k.alg != alg {
		return nil, errUnknownKey
	}
	return k.key, nil
}

func (s *keySet) look(id string) (publicKey, bool) {
	keys := s.keys.Load()
	if keys == nil {
		return publicKey{}, false
	}
	if id == "" && len(*keys) == 1 {
		for _, k := range *keys {
			return k, true
		}
	}
	k, ok := (*keys)[id]
	return k, ok
}

// refetch fetches unless that was tried a moment ago. Those who wait for a fetch share it.
func (s *keySet) refetch(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fetched.IsZero() || s.now().Sub(s.fetched) >= s.refetchAfter {
		if _, err := s.fetch(ctx); err != nil && s.keys.Load() == nil {
			return errNoKeys
		}
	}
	if s.keys.Load() == nil {
		return errNoKeys
	}
	return nil
}

// refresh fetches now and returns whether the set changed.
func (s *keySet) refresh(ctx context.Context) (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetch(ctx)
}

// fetch gets the set and puts it in force; with an error the one from before stays. The request that caused it may go
// away while others wait for the same keys: so its end does not end the fetch, the client's timeout does.
func (s *keySet) fetch(ctx context.Context) (changed bool, err error) {
	s.fetched = s.now()
	text, err := s.get(context.WithoutCancel(ctx))
	if err != nil {
		return false, fmt.Errorf("fetch keys from %s: %w", s.url, err)
	}
	keys, err := parseKeys(text)
	if err != nil {
		return false, fmt.Errorf("read keys from %s: %w", s.url, err)
	}
	digest := sha256.Sum256(text)
	changed = !bytes.Equal(digest[:], s.digest[:])
	s.digest = digest
	s.keys.Store(&keys)
	return changed, nil
}

func (s *keySet) get(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if timedOut(err) {
		return nil, errors.New("no answer in time")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySet+1))
	if err == nil && len(text) > maxKeySet {
		err = fmt.Errorf("the answer has more than %d bytes", maxKeySet)
	}
	return text, err
}

// jsonWebKey is a key as RFC 7517 and RFC 7518 section 6 write it.
type jsonWebKey struct {
	Kty string `json:"kty"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	N   string `json:"n"`
	E   string `json:"e"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
}

// parseKeys reads a JWK Set. Keys for other uses and algorithms are passed over, as RFC 7517 section 5 wants; a set
// without any that we can use is an error.
func parseKeys(text []byte) (map[string]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	keys := map[string]publicKey{}
	for _, raw := range set.Keys {
		var k jsonWebKey
		if json.Unmarshal(raw, &k) != nil || k.Use != "" && k.Use != "sig" {
			continue
		}
		if key, ok := k.public(); ok {
			keys[k.Kid] = key
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key for RS256 or ES256")
	}
	return keys, nil
}

// public returns the key if it is one of ours: RSA of at least 2048 bits for RS256, or P-256 for ES256.
func (k *jsonWebKey) public() (publicKey, bool) {
	switch {
	case k.Kty == "RSA" && (k.Alg == "" || k.Alg == "RS256"):
		return k.rsa()
	case k.Kty == "EC" && k.Crv == "P-256" && (k.Alg == "" || k.Alg == "ES256"):
		return k.ec()
	}
	return publicKey{}, false
}

func (k *jsonWebKey) rsa() (publicKey, bool) {
	n, okN := number(k.N)
	e, okE := number(k.E)
	if !okN || !okE || n.BitLen() < minRSABits || n.BitLen() > maxRSABits || !e.IsInt64() || e.Int64() < 3 ||
		e.Int64() > math.MaxInt32 {
		return publicKey{}, false
	}
	return publicKey{"RS256", &rsa.PublicKey{N: n, E: int(e.Int64())}}, true
}

func (k *jsonWebKey) ec() (publicKey, bool) {
	point := []byte{4} // uncompressed: X and Y follow (SEC 1 section 2.3.3)
	for _, text := range []string{k.X, k.Y} {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(b) != 32 {
			return publicKey{}, false
		}
		point = append(point, b...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	return publicKey{"ES256", key}, err == nil
}

func number(text string) (*big.Int, bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	return new(big.Int).SetBytes(b), err == nil && len(b) > 0
}
