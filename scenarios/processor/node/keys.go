package node

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"

	"github.com/grafana/sobek"

	"edgescope/scenarios/pemkey"
)

func (r *realm) keyNatives() map[string]any {
	return map[string]any{
		"privateKey": r.privateKey, "publicKey": r.publicKey, "webKey": r.webKey, "generateKey": r.generateKey,
		"sign": r.sign, "verify": verify, "encrypt": r.encryptRSA, "decrypt": r.decryptRSA,
	}
}

// key is an asymmetric key; private is nil when only the public part is known.
type key struct {
	private crypto.Signer
	public  crypto.PublicKey
}

// kind is the name of a key in Node, with the curve or the bits.
func (k *key) kind() (name, curve string, bits int) {
	switch p := k.public.(type) {
	case *rsa.PublicKey:
		return "rsa", "", p.N.BitLen()
	case *ecdsa.PublicKey:
		return "ec", curves[p.Curve.Params().Name].node, 0
	case ed25519.PublicKey:
		return "ed25519", "", 0
	}
	return "", "", 0
}

// curves are the elliptic curves by Go's name, which is also that of JSON web keys.
var curves = map[string]struct {
	node  string
	curve elliptic.Curve
}{
	"P-224": {"secp224r1", elliptic.P224()}, "P-256": {"prime256v1", elliptic.P256()},
	"P-384": {"secp384r1", elliptic.P384()}, "P-521": {"secp521r1", elliptic.P521()},
}

// handle is a key as JavaScript holds it: an object with what is known of it.
func (r *realm) handle(k *key) (*sobek.Object, error) {
	kind, curve, bits := k.kind()
	if kind == "" {
		return nil, &fault{code: "ERR_CRYPTO_UNSUPPORTED_KEY", message: "this type of key is not available in loadgen"}
	}
	o := r.rt.NewObject()
	export := r.guarded(func(form, kind string) (sobek.ArrayBuffer, error) {
		der, err := k.export(kind)
		if err == nil && form == "pem" {
			der = pem.EncodeToMemory(&pem.Block{Type: labels[kind], Bytes: der})
		}
		return r.rt.NewArrayBuffer(der), err
	})
	public := r.guarded(func() (*sobek.Object, error) { return r.handle(&key{public: k.public}) })
	web := r.guarded(k.web)
	err := errors.Join(o.Set("key", k), o.Set("kind", kind), o.Set("curve", curve), o.Set("bits", bits),
		o.Set("isPrivate", k.private != nil), o.Set("export", export), o.Set("public", public), o.Set("web", web))
	return o, err
}

// labels are the types of PEM blocks by Node's name of the format.
var labels = map[string]string{
	"pkcs8": "PRIVATE KEY", "pkcs1": "RSA PRIVATE KEY", "sec1": "EC PRIVATE KEY", "spki": "PUBLIC KEY",
	"pkcs1-public": "RSA PUBLIC KEY",
}

// export is the DER text of a key.
func (k *key) export(kind string) ([]byte, error) {
	rsaPublic, _ := k.public.(*rsa.PublicKey)
	switch kind {
	case "spki":
		return x509.MarshalPKIXPublicKey(k.public)
	case "pkcs1-public":
		if rsaPublic != nil {
			return x509.MarshalPKCS1PublicKey(rsaPublic), nil
		}
	case "pkcs8":
		return x509.MarshalPKCS8PrivateKey(k.private)
	case "pkcs1":
		if p, ok := k.private.(*rsa.PrivateKey); ok {
			return x509.MarshalPKCS1PrivateKey(p), nil
		}
	case "sec1":
		if p, ok := k.private.(*ecdsa.PrivateKey); ok {
			return x509.MarshalECPrivateKey(p)
		}
	}
	return nil, &fault{code: "ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS", message: "this key has no format " + kind}
}

// unreadable is OpenSSL's error for a text that is no key.
func unreadable(cause error) error {
	f := &fault{code: "ERR_OSSL_UNSUPPORTED", message: "error:1E08010C:DECODER routines::unsupported"}
	if cause != nil {
		f.message += " (" + cause.Error() + ")"
	}
	return f
}

// privateKey reads a private key in PEM or DER.
func (r *realm) privateKey(text []byte, passphrase string) (*sobek.Object, error) {
	k, err := readPrivate(text, passphrase)
	if err != nil {
		return nil, err
	}
	return r.handle(k)
}

func readPrivate(text []byte, passphrase string) (*key, error) {
	der := text
	if block, _ := pem.Decode(text); block != nil {
		plain, err := pemkey.Decrypt(text, []byte(passphrase))
		if err != nil {
			return nil, unreadable(err)
		}
		if block, _ = pem.Decode(plain); block == nil {
			return nil, unreadable(nil)
		}
		der = block.Bytes
	}
	var private any
	var err error
	if private, err = x509.ParsePKCS8PrivateKey(der); err != nil {
		if private, err = x509.ParsePKCS1PrivateKey(der); err != nil {
			private, err = x509.ParseECPrivateKey(der)
		}
	}
	signer, ok := private.(crypto.Signer)
	if err != nil || !ok {
		return nil, unreadable(nil)
	}
	return &key{private: signer, public: signer.Public()}, nil
}

// publicKey reads a public key, a certificate or the public part of a private key.
func (r *realm) publicKey(text []byte, passphrase string) (*sobek.Object, error) {
	k, err := readPublic(text, passphrase)
	if err != nil {
		return nil, err
	}
	return r.handle(k)
}

func readPublic(text []byte, passphrase string) (*key, error) {
	der := text
	if block, _ := pem.Decode(text); block != nil {
		der = block.Bytes
	}
	if public, err := x509.ParsePKIXPublicKey(der); err == nil {
		return &key{public: public}, nil
	}
	if public, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return &key{public: public}, nil
	}
	if certificate, err := x509.ParseCertificate(der); err == nil {
		return &key{public: certificate.PublicKey}, nil
	}
	k, err := readPrivate(text, passphrase)
	if err != nil {
		return nil, unreadable(nil)
	}
	return &key{public: k.public}, nil
}

// webKey reads a JSON web key (RFC 7517): its members as texts.
func (r *realm) webKey(members map[string]string) (*sobek.Object, error) {
	number := func(name string) *big.Int {
		b, _ := base64.RawURLEncoding.DecodeString(members[name])
		return new(big.Int).SetBytes(b)
	}
	invalid := &fault{class: "TypeError", code: "ERR_CRYPTO_INVALID_JWK", message: "Invalid JWK data"}
	switch members["kty"] {
	case "RSA":
		public := rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}
		if public.N.BitLen() < 512 || public.E < 3 {
			return nil, invalid
		}
		if members["d"] == "" {
			return r.handle(&key{public: &public})
		}
		private := &rsa.PrivateKey{PublicKey: public, D: number("d"), Primes: []*big.Int{number("p"), number("q")}}
		if err := private.Validate(); err != nil {
			return nil, invalid
		}
		private.Precompute()
		return r.handle(&key{private: private, public: &private.PublicKey})
	case "EC":
		return r.webCurve(members, number, invalid)
	}
	return nil, &fault{code: "ERR_CRYPTO_INVALID_JWK", message: "this type of JWK is not available in loadgen"}
}

func (r *realm) webCurve(members map[string]string, number func(string) *big.Int, invalid error) (*sobek.Object, error) {
	c, ok := curves[members["crv"]]
	if !ok {
		return nil, invalid
	}
	size := (c.curve.Params().BitSize + 7) / 8
	point := make([]byte, 1+2*size)
	point[0] = 4
	x, y := number("x"), number("y")
	if x.BitLen() > 8*size || y.BitLen() > 8*size {
		return nil, invalid
	}
	x.FillBytes(point[1 : 1+size])
	y.FillBytes(point[1+size:])
	public, err := ecdsa.ParseUncompressedPublicKey(c.curve, point)
	if err != nil {
		return nil, invalid
	}
	if members["d"] == "" {
		return r.handle(&key{public: public})
	}
	d := number("d")
	if d.BitLen() > 8*size {
		return nil, invalid
	}
	private, err := ecdsa.ParseRawPrivateKey(c.curve, d.FillBytes(make([]byte, size)))
	if err != nil {
		return nil, invalid
	}
	return r.handle(&key{private: private, public: public})
}

// web is a public key as a JSON web key.
func (k *key) web() (map[string]string, error) {
	text := base64.RawURLEncoding.EncodeToString
	switch p := k.public.(type) {
	case *rsa.PublicKey:
		return map[string]string{"kty": "RSA", "n": text(p.N.Bytes()), "e": text(big.NewInt(int64(p.E)).Bytes())}, nil
	case *ecdsa.PublicKey:
		point, err := p.Bytes()
		if err != nil {
			return nil, fmt.Errorf("export a key: %w", err)
		}
		half := len(point) / 2
		return map[string]string{
			"kty": "EC", "crv": p.Curve.Params().Name, "x": text(point[1 : 1+half]), "y": text(point[1+half:]),
		}, nil
	}
	return nil, &fault{code: "ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE", message: "Unsupported JWK Key Type"}
}
