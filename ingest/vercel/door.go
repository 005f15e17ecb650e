package vercel

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
	"edgescope/ingest/refusals"
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

// DoorOptions describe a door.
type DoorOptions struct {
	// Verify is the code with which every answer says whose address it is; empty says nothing.
	Verify string
	// Admit admits a request without a token by the signature of its body, which has size bytes: signed tells whether a
	// secret made the signature. It fails when none that it knows did. nil: signatures are not looked at.
	Admit func(ctx context.Context, size int, signed func(secret []byte) bool) error
	// Bodies and Budget read bodies and bound their memory. Required with Admit.
	Bodies *body.Reader
	Budget *body.Budget
	// Refusals remembers what is not taken; nil remembers nothing.
	Refusals *refusals.Recorder
}

// Door stands before an ingest port. It admits requests that are signed and have no token, and answers with the code
// that Vercel asks for before it sends anything.
func Door(next http.Handler, o DoorOptions) http.Handler {
	d := &door{next: next, o: o, places: make(chan struct{}, signedAtATime)}
	if o.Verify == "" && o.Admit == nil {
		return next
	}
	return d
}

type door struct {
	next   http.Handler
	o      DoorOptions
	places chan struct{}
}

// ServeHTTP passes the request on, unless it is Vercel's question, or signed by nobody.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.o.Verify != "" {
		w.Header().Set(headerVerify, d.o.Verify)
		if asks(r) {
			w.WriteHeader(http.StatusOK)
			return
		}
	}
	if d.o.Admit == nil || r.Method != http.MethodPost || r.Header.Get(headerSignature) == "" || r.Header.Get("Authorization") != "" {
		d.next.ServeHTTP(w, r)
		return
	}
	share := d.o.Budget.Share(strangers)
	defer share.Release()
	raw, err := d.read(r, &share)
	if err == nil {
		err = d.admit(r, raw)
	}
	if err != nil {
		f := body.Refuse(err)
		d.o.Refusals.Request(r, f.Reason, f.Message)
		f.Answer(w)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	d.next.ServeHTTP(w, r)
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
func (d *door) read(r *http.Request, share *body.Share) ([]byte, error) {
	select {
	case d.places <- struct{}{}:
		defer func() { <-d.places }()
	default:
		return nil, &edge.UnavailableError{Busy: true, Reason: "too many signed bodies are being received", RetryAfter: time.Second}
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
	errTooLarge = &body.TooLargeError{Reason: "a signed body has more than 8388608 bytes: send less at a time, or send a token in the header Authorization"}
	errSigned   = &body.RefusalError{
		Status: http.StatusUnauthorized, Reason: "unauthenticated",
		Message: "the signature of the body is none that a drain_secret of the token file makes, and a token is missing",
	}
)

// admit verifies the signature. What is signed is the payload: a body that is compressed is looked at both ways.
func (d *door) admit(r *http.Request, raw []byte) error {
	want, err := hex.DecodeString(r.Header.Get(headerSignature))
	if err != nil || len(want) != sha1.Size {
		return errSigned
	}
	payloads := [][]byte{raw}
	if r.Header.Get("Content-Encoding") != "" {
		src := body.Of(r, strangers)
		src.From, src.Length = bytes.NewReader(raw), int64(len(raw))
		plain, err := d.o.Bodies.Read(r.Context(), src)
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
	if d.o.Admit(r.Context(), len(raw), signed) != nil {
		return errSigned
	}
	return nil
}
