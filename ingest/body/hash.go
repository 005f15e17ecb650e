package body

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"

	"edgescope/edge"
)

// newMAC returns what hashes bodies: GMAC (NIST SP 800-38D), the authentication of AES-GCM by itself. It tells bodies
// apart as a cryptographic hash does, for all who don't know the key, and costs a fifth of SHA-256: 0.1 instead of 0.5
// us for a span of 800 bytes. Its tag is as long as an edge.BodyHash.
func newMAC(key string) cipher.AEAD {
	sum := sha256.Sum256([]byte(key))
	block, err := aes.NewCipher(sum[:])
	if err != nil {
		panic("BUG: a key of 32 bytes is none of AES: " + err.Error())
	}
	mac, err := cipher.NewGCM(block)
	if err != nil {
		panic("BUG: AES is no cipher of GCM: " + err.Error())
	}
	return mac
}

// nonce is the same for all bodies: equal ones must have equal hashes. No tag is ever shown to a sender, who could
// learn from several of them.
var nonce [12]byte

func (r *Reader) hash(to *edge.BodyHash, body []byte) { r.mac.Seal(to[:0], nonce[:], nil, body) }
