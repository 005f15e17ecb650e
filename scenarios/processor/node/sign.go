package node

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"

	"github.com/grafana/sobek"
)

// OpenSSL's numbers of paddings, and of a salt as long as the digest.
const (
	pkcs1Padding = 1
	oaepPadding  = 4
	pssPadding   = 6
	saltDigest   = -1
)

// signing says how to sign: the digest's name, the padding of RSA, and whether an ECDSA signature is two numbers
// (IEEE P1363) rather than DER.
type signing struct {
	Digest  string
	Padding int
	Salt    int
	Plain   bool
}

var signDigests = map[string]crypto.Hash{
	"md5": crypto.MD5, "sha1": crypto.SHA1, "sha224": crypto.SHA224, "sha256": crypto.SHA256, "sha384": crypto.SHA384,
	"sha512": crypto.SHA512,
}

// sum is the digest of data by the name in a signing.
func (s signing) sum(data []byte) (crypto.Hash, []byte, error) {
	name := strings.ReplaceAll(strings.ToLower(s.Digest), "-", "")
	name = strings.TrimPrefix(strings.TrimPrefix(name, "rsa"), "ecdsa")
	h, ok := signDigests[name]
	if !ok {
		return 0, nil, &fault{code: "ERR_CRYPTO_INVALID_DIGEST", message: "Invalid digest: " + s.Digest}
	}
	f := h.New()
	f.Write(data)
	return h, f.Sum(nil), nil
}

func (r *realm) sign(o *sobek.Object, data []byte, how signing) (sobek.ArrayBuffer, error) {
	signature, err := signed(keyOf(o), data, how)
	return r.rt.NewArrayBuffer(signature), err
}

// keyOf is the key in a handle.
func keyOf(o *sobek.Object) *key {
	if o == nil {
		return nil
	}
	k, _ := o.Get("key").Export().(*key)
	return k
}

var errNotPrivate = &fault{
	class: "TypeError", code: "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE",
	message: "Invalid key object type public, expected private.",
}

func signed(k *key, data []byte, how signing) ([]byte, error) {
	if k == nil || k.private == nil {
		return nil, errNotPrivate
	}
	if private, ok := k.private.(ed25519.PrivateKey); ok {
		return ed25519.Sign(private, data), nil
	}
	h, sum, err := how.sum(data)
	if err != nil {
		return nil, err
	}
	switch private := k.private.(type) {
	case *rsa.PrivateKey:
		if how.Padding == pssPadding {
			return rsa.SignPSS(rand.Reader, private, h, sum, &rsa.PSSOptions{SaltLength: how.salt(), Hash: h})
		}
		return rsa.SignPKCS1v15(rand.Reader, private, h, sum)
	case *ecdsa.PrivateKey:
		der, err := ecdsa.SignASN1(rand.Reader, private, sum)
		if err != nil || !how.Plain {
			return der, err
		}
		return plainSignature(der, private.Curve)
	}
	return nil, fmt.Errorf("sign with a %T: not available", k.private)
}

// salt is the length of a salt in Go's terms. Node's default for signing is as long as possible.
func (s signing) salt() int {
	if s.Salt == saltDigest {
		return rsa.PSSSaltLengthEqualsHash
	}
	return max(s.Salt, rsa.PSSSaltLengthAuto)
}

// pair are the two numbers of an ECDSA signature.
type pair struct{ R, S *big.Int }

func plainSignature(der []byte, c elliptic.Curve) ([]byte, error) {
	var p pair
	if _, err := asn1.Unmarshal(der, &p); err != nil {
		return nil, fmt.Errorf("read a signature: %w", err)
	}
	size := (c.Params().BitSize + 7) / 8
	b := make([]byte, 2*size)
	p.R.FillBytes(b[:size])
	p.S.FillBytes(b[size:])
	return b, nil
}

func verify(o *sobek.Object, data, signature []byte, how signing) (bool, error) {
	k := keyOf(o)
	if k == nil {
		return false, &fault{class: "TypeError", message: "a key is needed to verify"}
	}
	if public, ok := k.public.(ed25519.PublicKey); ok {
		return ed25519.Verify(public, data, signature), nil
	}
	h, sum, err := how.sum(data)
	if err != nil {
		return false, err
	}
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		if how.Padding == pssPadding {
			return rsa.VerifyPSS(public, h, sum, signature, &rsa.PSSOptions{SaltLength: how.salt()}) == nil, nil
		}
		return rsa.VerifyPKCS1v15(public, h, sum, signature) == nil, nil
	case *ecdsa.PublicKey:
		if !how.Plain {
			return ecdsa.VerifyASN1(public, sum, signature), nil
		}
		size := (public.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false, nil
		}
		der, err := asn1.Marshal(pair{new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])})
		return err == nil && ecdsa.VerifyASN1(public, sum, der), nil
	}
	return false, nil
}

// encryptRSA encrypts for the owner of a key.
func (r *realm) encryptRSA(o *sobek.Object, data []byte, padding int, digest string) (sobek.ArrayBuffer, error) {
	none := sobek.ArrayBuffer{}
	k := keyOf(o)
	if k == nil {
		return none, errNotRSA
	}
	public, ok := k.public.(*rsa.PublicKey)
	if !ok {
		return none, errNotRSA
	}
	if padding == pkcs1Padding {
		b, err := rsa.EncryptPKCS1v15(rand.Reader, public, data) //nolint:staticcheck // what the script's server asks for
		return r.rt.NewArrayBuffer(b), err
	}
	f, err := newHash(digest)
	if err != nil {
		return none, err
	}
	b, err := rsa.EncryptOAEP(f(), rand.Reader, public, data, nil)
	return r.rt.NewArrayBuffer(b), err
}

var errNotRSA = &fault{class: "TypeError", message: "an RSA key is needed"}

func (r *realm) decryptRSA(o *sobek.Object, data []byte, padding int, digest string) (sobek.ArrayBuffer, error) {
	none := sobek.ArrayBuffer{}
	k := keyOf(o)
	if k == nil {
		return none, errNotRSA
	}
	private, ok := k.private.(*rsa.PrivateKey)
	if !ok {
		return none, errNotRSA
	}
	if padding == pkcs1Padding {
		b, err := rsa.DecryptPKCS1v15(rand.Reader, private, data) //nolint:staticcheck // as encryptRSA
		return r.rt.NewArrayBuffer(b), err
	}
	f, err := newHash(digest)
	if err != nil {
		return none, err
	}
	b, err := rsa.DecryptOAEP(f(), rand.Reader, private, data, nil)
	return r.rt.NewArrayBuffer(b), err
}

// generateKey makes a key: rsa with so many bits, ec on a curve by Node's or JWK's name, or ed25519.
func (r *realm) generateKey(kind string, bits int, curve string) (*sobek.Object, error) {
	var private crypto.Signer
	var err error
	switch kind {
	case "rsa":
		if bits < 1024 || bits > 4096 {
			return nil, outOfRange("modulusLength", 1024, 4096)
		}
		private, err = rsa.GenerateKey(rand.Reader, bits)
	case "ec":
		for name, c := range curves {
			if curve == name || curve == c.node {
				private, err = ecdsa.GenerateKey(c.curve, rand.Reader)
			}
		}
	case "ed25519":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	if private == nil {
		return nil, &fault{class: "TypeError", message: "this type of key is not available in loadgen: " + kind + " " + curve}
	}
	return r.handle(&key{private: private, public: private.Public()})
}
