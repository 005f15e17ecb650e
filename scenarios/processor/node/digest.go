package node

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // scripts sign requests for servers that ask for it
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // as md5
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding"
	"fmt"
	"hash"
	"math/big"
	"strings"

	"github.com/grafana/sobek"
)

// Bounds of what one call may ask for.
const (
	maxRandom  = 1 << 20
	maxDerived = 1 << 20
)

// hashes are the digests by OpenSSL's names, in lower case without hyphens.
var hashes = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New,
	"sha384": sha512.New384, "sha512": sha512.New, "sha512224": sha512.New512_224, "sha512256": sha512.New512_256,
	"sha3224": func() hash.Hash { return sha3.New224() }, "sha3256": func() hash.Hash { return sha3.New256() },
	"sha3384": func() hash.Hash { return sha3.New384() }, "sha3512": func() hash.Hash { return sha3.New512() },
}

func newHash(name string) (func() hash.Hash, error) {
	plain := strings.NewReplacer("-", "", "/", "").Replace(strings.ToLower(name))
	plain = strings.TrimPrefix(strings.TrimPrefix(plain, "rsa"), "ecdsa")
	if f := hashes[plain]; f != nil {
		return f, nil
	}
	return nil, &fault{message: "Digest method not supported"}
}

func (r *realm) digestNatives() map[string]any {
	return map[string]any{
		"hash": r.hash, "random": r.random, "randomInt": randomInt, "same": same,
		"pbkdf2": r.pbkdf2, "hkdf": r.hkdf,
		"hashNames": func() []string {
			return []string{
				"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-224", "sha512-256",
				"sha3-224", "sha3-256", "sha3-384", "sha3-512",
			}
		},
	}
}

// digest is a hash that goes on.
type digest struct {
	realm *realm
	hash.Hash
	renew func() hash.Hash
}

// hash begins a digest, or with a key an HMAC.
func (r *realm) hash(name string, key sobek.Value) (*sobek.Object, error) {
	f, err := newHash(name)
	if err != nil {
		return nil, err
	}
	d := &digest{realm: r, renew: f}
	if !sobek.IsUndefined(key) && key != nil {
		k := bytesOf(key)
		d.renew = func() hash.Hash { return hmac.New(f, k) }
	}
	d.Hash = d.renew()
	return d.object()
}

func (d *digest) object() (*sobek.Object, error) {
	o := d.realm.rt.NewObject()
	for name, f := range map[string]any{
		"update": func(b []byte) { d.Write(b) },
		"sum":    func() sobek.ArrayBuffer { return d.realm.rt.NewArrayBuffer(d.Sum(nil)) },
		"copy":   d.copy,
	} {
		if err := o.Set(name, d.realm.guarded(f)); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (d *digest) copy() (*sobek.Object, error) {
	state, ok := d.Hash.(encoding.BinaryMarshaler)
	if !ok {
		return nil, &fault{message: "this digest cannot be copied"}
	}
	text, err := state.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("copy a digest: %w", err)
	}
	next := &digest{realm: d.realm, Hash: d.renew(), renew: d.renew}
	into, ok := next.Hash.(encoding.BinaryUnmarshaler)
	if !ok {
		return nil, &fault{message: "this digest cannot be copied"}
	}
	if err := into.UnmarshalBinary(text); err != nil {
		return nil, fmt.Errorf("copy a digest: %w", err)
	}
	return next.object()
}

// bytesOf are the bytes of a typed array or an array buffer, shared with it.
func bytesOf(v sobek.Value) []byte {
	switch b := v.Export().(type) {
	case []byte:
		return b
	case sobek.ArrayBuffer:
		return b.Bytes()
	}
	return nil
}

func outOfRange(what string, low, high int) error {
	return &fault{
		class: "RangeError", code: "ERR_OUT_OF_RANGE",
		message: fmt.Sprintf("The value of %q is out of range. It must be >= %d && <= %d.", what, low, high),
	}
}

func (r *realm) random(n int) (sobek.ArrayBuffer, error) {
	if n < 0 || n > maxRandom {
		return sobek.ArrayBuffer{}, outOfRange("size", 0, maxRandom)
	}
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail
	return r.rt.NewArrayBuffer(b), nil
}

// randomInt is a number from low, and below high.
func randomInt(low, high int64) (int64, error) {
	if low >= high {
		return 0, &fault{
			class: "RangeError", code: "ERR_OUT_OF_RANGE",
			message: fmt.Sprintf(`The value of "max" is out of range. It must be greater than the value of "min" (%d). `+
				"Received %d", low, high),
		}
	}
	n, err := rand.Int(rand.Reader, big.NewInt(high-low))
	if err != nil {
		return 0, fmt.Errorf("draw a number: %w", err)
	}
	return low + n.Int64(), nil
}

func same(a, b []byte) (bool, error) {
	if len(a) != len(b) {
		return false, &fault{
			class: "RangeError", code: "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH",
			message: "Input buffers must have the same byte length",
		}
	}
	return subtle.ConstantTimeCompare(a, b) == 1, nil
}

func (r *realm) pbkdf2(password, salt []byte, rounds, n int, name string) (sobek.ArrayBuffer, error) {
	f, err := newHash(name)
	if err != nil {
		return sobek.ArrayBuffer{}, err
	}
	if n < 0 || n > maxDerived {
		return sobek.ArrayBuffer{}, outOfRange("keylen", 0, maxDerived)
	}
	if rounds < 1 {
		return sobek.ArrayBuffer{}, outOfRange("iterations", 1, 1<<31-1)
	}
	if n == 0 {
		return r.rt.NewArrayBuffer(nil), nil
	}
	key, err := pbkdf2.Key(f, string(password), salt, rounds, n)
	return r.rt.NewArrayBuffer(key), err
}

func (r *realm) hkdf(name string, secret, salt, info []byte, n int) (sobek.ArrayBuffer, error) {
	f, err := newHash(name)
	if err != nil {
		return sobek.ArrayBuffer{}, err
	}
	if n < 0 || n > maxDerived {
		return sobek.ArrayBuffer{}, outOfRange("length", 0, maxDerived)
	}
	key, err := hkdf.Key(f, secret, salt, string(info), n)
	return r.rt.NewArrayBuffer(key), err
}
