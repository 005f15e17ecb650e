package door

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Vercel signs with HMAC-SHA1, which is not weak as SHA-1 is
	"encoding/hex"
	"io"
	"math"
	"net/http"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/internal/access"
)

// The headers of Vercel: the signature of a body (https://vercel.com/docs/drains/security), and the code by which an
// address says whose it is.
const (
	headerSignature = "X-Vercel-Signature"
	headerVerify    = "X-Vercel-Verify"
)

const (
	// mostSigned bounds a signed body in bytes, as it is sent: it is read before anybody knows whose it is. Vercel's
	// batches are far smaller.
	mostSigned = 8 << 20
	// signedAtATime bounds how many of them are read at a time, so that who has no secret takes 32 MiB at most.
	signedAtATime = 4
)

// strangers are who send signed bodies until the signature is verified: their memory counts against no tenant's part.
const strangers edge.Tenant = math.MaxUint32

// Signed says by whose signature requests are let in that have no token: those of Vercel's drains.
type Signed struct {
	// Verify is the code with which every answer says whose address it is; empty says nothing.
	Verify string
	// Admit admits a request without a token by the signature of its body, which has size bytes: signed tells whether a
	// secret made the signature. It fails when none that it knows did. nil: signatures are not looked at.
	Admit func(ctx context.Context, size int, signed func(secret []byte) bool) error
	// Budget bounds the memory of bodies that are not known to be signed yet. Required with Admit.
	Budget *body.Budget
}

// signed stands before the rest of the port: it admits requests that are signed and have no token, and answers with the
// code that Vercel asks for before it sends anything.
func (d *Door) signed(next http.Handler) http.Handler {
	if d.o.Signed.Verify == "" && d.o.Signed.Admit == nil {
		return next
	}
	return &signedDoor{Signed: d.o.Signed, door: d, next: next, places: make(chan struct{}, signedAtATime)}
}

type signedDoor struct {
	Signed
	door   *Door
	next   http.Handler
	places chan struct{}
}

// ServeHTTP passes the request on, unless it is Vercel's question, or signed by nobody.
func (s *signedDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Verify != "" {
		w.Header().Set(headerVerify, s.Verify)
		if asks(r) {
			w.WriteHeader(http.StatusOK)
			return
		}
	}
	if s.Admit == nil || r.Method != http.MethodPost || r.Header.Get(headerSignature) == "" ||
		r.Header.Get("Authorization") != "" {
		s.next.ServeHTTP(w, r)
		return
	}
	share := s.Budget.Share(strangers)
	defer share.Release()
	raw, err := s.read(r, &share)
	if err == nil {
		err = s.admit(r, raw)
	}
	if err != nil {
		s.door.refuse(&visit{w: w, r: r, foreign: true}, refuse(err))
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	s.next.ServeHTTP(w, r)
}

// asks tells whether a request is Vercel's question whose address this is: it brings nothing and has no token. The root
// greets whoever looks.
func asks(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return r.URL.Path != "/"
	case http.MethodPost:
		return r.ContentLength == 0 && r.Header.Get("Authorization") == "" && r.Header.Get(headerSignature) == ""
	}
	return false
}

// read reads a body as it was sent.
func (s *signedDoor) read(r *http.Request, share *body.Share) ([]byte, error) {
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		return nil, &edge.UnavailableError{
			Busy: true, Reason: "too many signed bodies are being received",
			RetryAfter: time.Second,
		}
	}
	size := int64(mostSigned)
	if r.ContentLength >= 0 {
		size = r.ContentLength
	}
	if size > mostSigned {
		return nil, errTooLarge
	}
	if err := share.Take(size + bytes.MinRead); err != nil {
		return nil, err
	}
	raw := bytes.NewBuffer(make([]byte, 0, min(size, 64<<10)+bytes.MinRead))
	if _, err := raw.ReadFrom(io.LimitReader(r.Body, mostSigned+1)); err != nil {
		return nil, body.Transfer(err)
	}
	if raw.Len() > mostSigned {
		return nil, errTooLarge
	}
	return raw.Bytes(), nil
}

var (
	errTooLarge = &body.TooLargeError{Reason: "a signed body has more than 8388608 bytes: send less at a time, or " +
		"send a token in the header Authorization"}
	errSigned = &access.DeniedError{
		Reason: "the signature of the body is none that a drain_secret of the token file makes, and a token is missing",
	}
)

// admit verifies the signature. What is signed is the payload: a body that is compressed is looked at both ways.
func (s *signedDoor) admit(r *http.Request, raw []byte) error {
	want, err := hex.DecodeString(r.Header.Get(headerSignature))
	if err != nil || len(want) != sha1.Size {
		return errSigned
	}
	payloads := [][]byte{raw}
	if r.Header.Get("Content-Encoding") != "" {
		src := body.Of(r, strangers)
		src.From, src.Length = bytes.NewReader(raw), int64(len(raw))
		plain, err := s.door.o.Bodies.Read(r.Context(), src)
		if err != nil {
			return err
		}
		defer plain.Release()
		payloads = append(payloads, plain.Bytes())
	}
	signed := func(secret []byte) bool {
		found := false
		for _, payload := range payloads {
			mac := hmac.New(sha1.New, secret)
			mac.Write(payload)
			found = hmac.Equal(mac.Sum(nil), want) || found // in constant time, and all of them
		}
		return found
	}
	if s.Admit(r.Context(), len(raw), signed) != nil {
		return errSigned
	}
	return nil
}
