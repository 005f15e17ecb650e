package node

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/grafana/sobek"
)

func (r *realm) cipherNatives() map[string]any {
	return map[string]any{"cipher": r.cipher}
}

// job is a cipher that gathers its text until the end: load scripts encrypt small ones.
type job struct {
	realm   *realm
	mode    string
	block   cipher.Block
	iv      []byte
	seals   bool
	padding bool
	aad     []byte
	tag     []byte
}

const tagSize = 16

// cipher begins aes-(128|192|256)-(cbc|ctr|gcm|ecb).
func (r *realm) cipher(name string, key, iv []byte, seals bool) (*sobek.Object, error) {
	parts := strings.Split(strings.ToLower(name), "-")
	if len(parts) != 3 || parts[0] != "aes" {
		return nil, &fault{code: "ERR_CRYPTO_UNKNOWN_CIPHER", message: "Unknown cipher: " + name}
	}
	bits, err := strconv.Atoi(parts[1])
	if err != nil || bits != 8*len(key) {
		return nil, &fault{class: "RangeError", code: "ERR_CRYPTO_INVALID_KEYLEN", message: "Invalid key length"}
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, &fault{class: "RangeError", code: "ERR_CRYPTO_INVALID_KEYLEN", message: "Invalid key length"}
	}
	j := &job{realm: r, mode: parts[2], block: block, iv: iv, seals: seals, padding: true}
	switch j.mode {
	case "cbc", "ctr":
		if len(iv) != block.BlockSize() {
			return nil, errIV
		}
	case "gcm":
		if len(iv) == 0 {
			return nil, errIV
		}
	default:
		return nil, &fault{code: "ERR_CRYPTO_UNKNOWN_CIPHER", message: "Unknown cipher: " + name}
	}
	return j.object()
}

var errIV = &fault{class: "TypeError", code: "ERR_CRYPTO_INVALID_IV", message: "Invalid initialization vector"}

func (j *job) object() (*sobek.Object, error) {
	o := j.realm.rt.NewObject()
	set := func(name string, f any) error { return o.Set(name, j.realm.guarded(f)) }
	return o, errors.Join(
		set("final", func(text []byte) (sobek.ArrayBuffer, error) {
			b, err := j.final(text)
			return j.realm.rt.NewArrayBuffer(b), err
		}),
		set("setPadding", func(on bool) { j.padding = on }),
		set("setAAD", func(b []byte) { j.aad = append([]byte(nil), b...) }),
		set("setTag", func(b []byte) { j.tag = append([]byte(nil), b...) }),
		set("tag", func() sobek.ArrayBuffer { return j.realm.rt.NewArrayBuffer(j.tag) }),
	)
}

func (j *job) final(text []byte) ([]byte, error) {
	switch j.mode {
	case "ctr":
		b := make([]byte, len(text))
		cipher.NewCTR(j.block, j.iv).XORKeyStream(b, text)
		return b, nil
	case "gcm":
		return j.gcm(text)
	}
	if j.seals {
		return j.sealCBC(text)
	}
	return j.openCBC(text)
}

func (j *job) sealCBC(text []byte) ([]byte, error) {
	size := j.block.BlockSize()
	b := append([]byte(nil), text...)
	if j.padding {
		n := size - len(b)%size
		for range n {
			b = append(b, byte(n))
		}
	}
	if len(b)%size != 0 {
		return nil, &fault{code: "ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH", message: "wrong final block length"}
	}
	cipher.NewCBCEncrypter(j.block, j.iv).CryptBlocks(b, b)
	return b, nil
}

var errBadDecrypt = &fault{code: "ERR_OSSL_BAD_DECRYPT", message: "bad decrypt"}

func (j *job) openCBC(text []byte) ([]byte, error) {
	size := j.block.BlockSize()
	if len(text)%size != 0 || j.padding && len(text) == 0 {
		return nil, &fault{code: "ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH", message: "wrong final block length"}
	}
	b := make([]byte, len(text))
	cipher.NewCBCDecrypter(j.block, j.iv).CryptBlocks(b, text)
	if !j.padding {
		return b, nil
	}
	n := int(b[len(b)-1])
	if n == 0 || n > size {
		return nil, errBadDecrypt
	}
	for _, c := range b[len(b)-n:] {
		if int(c) != n {
			return nil, errBadDecrypt
		}
	}
	return b[:len(b)-n], nil
}

func (j *job) gcm(text []byte) ([]byte, error) {
	mode, err := cipher.NewGCMWithNonceSize(j.block, len(j.iv))
	if err != nil {
		return nil, fmt.Errorf("begin gcm: %w", err)
	}
	if j.seals {
		b := mode.Seal(nil, j.iv, text, j.aad)
		j.tag = b[len(b)-tagSize:]
		return b[:len(b)-tagSize], nil
	}
	if subtle.ConstantTimeEq(int32(len(j.tag)), tagSize) == 0 {
		return nil, &fault{code: "ERR_CRYPTO_INVALID_AUTH_TAG", message: "Invalid authentication tag length"}
	}
	b, err := mode.Open(nil, j.iv, append(append([]byte(nil), text...), j.tag...), j.aad)
	if err != nil {
		return nil, &fault{message: "Unsupported state or unable to authenticate data"}
	}
	return b, nil
}
