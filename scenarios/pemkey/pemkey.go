// Package pemkey takes the passphrase off private keys in PEM.
package pemkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
)

// Decrypt takes the passphrase off a private key in PEM: "ENCRYPTED PRIVATE KEY" (PKCS #8, RFC 5958) under PBES2 (RFC
// 8018, section 6.2) with PBKDF2 and AES-CBC, which is what openssl writes. A key that is not encrypted comes back as
// it is.
func Decrypt(key, passphrase []byte) ([]byte, error) {
	block, _ := pem.Decode(key)
	switch {
	case block == nil:
		return key, nil // the pair of certificate and key says what is wrong
	case block.Headers["DEK-Info"] != "":
		return nil, errors.New("it is encrypted in an old form that protects little: write it anew with openssl pkcs8 -topk8")
	case block.Type != "ENCRYPTED PRIVATE KEY":
		return key, nil
	case len(passphrase) == 0:
		return nil, errors.New("it is encrypted: give its passphrase")
	}
	plain, err := decryptPKCS8(block.Bytes, passphrase)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain}), nil
}

var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidHMACSHA512 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 11}
	oidAES128     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	oidAES192     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}
	oidAES256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// encryptedKey is EncryptedPrivateKeyInfo (RFC 5958, section 3).
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// pbes2 is PBES2-params (RFC 8018, appendix A.4).
type pbes2 struct {
	Derivation, Encryption pkix.AlgorithmIdentifier
}

// pbkdf2Params is PBKDF2-params (RFC 8018, appendix A.2), with the salt in the only form that is in use.
type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	Function   pkix.AlgorithmIdentifier `asn1:"optional"`
}

// maxIterations bounds the work that a key may ask for: a second or two. openssl writes 2,048.
const maxIterations = 2_000_000

func decryptPKCS8(der, passphrase []byte) ([]byte, error) {
	var sealed encryptedKey
	var scheme pbes2
	if _, err := asn1.Unmarshal(der, &sealed); err != nil {
		return nil, fmt.Errorf("read the encrypted key: %w", err)
	}
	if !sealed.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("it is encrypted by %s, want PBES2: write it anew with openssl pkcs8 -topk8",
			sealed.Algorithm.Algorithm)
	}
	if _, err := asn1.Unmarshal(sealed.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, fmt.Errorf("read how the key is encrypted: %w", err)
	}
	size, err := keySize(scheme.Encryption.Algorithm)
	if err != nil {
		return nil, err
	}
	secret, err := derive(&scheme.Derivation, passphrase, size)
	if err != nil {
		return nil, err
	}
	var iv []byte
	if _, err := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv); err != nil || len(iv) != aes.BlockSize {
		return nil, errors.New("read how the key is encrypted: the initialization vector is not of 16 bytes")
	}
	return openCBC(sealed.Data, secret, iv)
}

func keySize(cipherOID asn1.ObjectIdentifier) (int, error) {
	switch {
	case cipherOID.Equal(oidAES128):
		return 16, nil
	case cipherOID.Equal(oidAES192):
		return 24, nil
	case cipherOID.Equal(oidAES256):
		return 32, nil
	default:
		return 0, fmt.Errorf("it is encrypted by %s, want AES-CBC: write it anew with openssl pkcs8 -topk8", cipherOID)
	}
}

func derive(a *pkix.AlgorithmIdentifier, passphrase []byte, size int) ([]byte, error) {
	if !a.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("its passphrase is stretched by %s, want PBKDF2: write it anew with openssl pkcs8 -topk8",
			a.Algorithm)
	}
	var p pbkdf2Params
	if _, err := asn1.Unmarshal(a.Parameters.FullBytes, &p); err != nil {
		return nil, fmt.Errorf("read how the passphrase is stretched: %w", err)
	}
	if p.Iterations < 1 || p.Iterations > maxIterations {
		return nil, fmt.Errorf("its passphrase is stretched %d times, want 1 to %d", p.Iterations, maxIterations)
	}
	var function func() hash.Hash
	switch f := p.Function.Algorithm; {
	case len(f) == 0, f.Equal(oidHMACSHA1):
		function = sha1.New
	case f.Equal(oidHMACSHA256):
		function = sha256.New
	case f.Equal(oidHMACSHA512):
		function = sha512.New
	default:
		return nil, fmt.Errorf("its passphrase is stretched with %s, want HMAC with SHA-1, SHA-256 or SHA-512", f)
	}
	return pbkdf2.Key(function, string(passphrase), p.Salt, p.Iterations, size)
}

// openCBC decrypts and takes the padding off (RFC 8018, section 6.1.1), whose length is all that tells a wrong
// passphrase.
func openCBC(data, secret, iv []byte) ([]byte, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errors.New("the encrypted key is cut off")
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > aes.BlockSize {
		return nil, errors.New("the passphrase is wrong")
	}
	plain = plain[:len(plain)-padding]
	if _, err := asn1.Unmarshal(plain, new(asn1.RawValue)); err != nil {
		return nil, errors.New("the passphrase is wrong")
	}
	return plain, nil
}
