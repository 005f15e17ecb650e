package deliver

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// patience is how long a request may take.
	patience = 10 * time.Second
	// firstPause and longestPause bound the time between two tries, which doubles from one to the other.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	// longestAsked bounds the time that an address may ask for.
	longestAsked = 15 * time.Minute
)

// failure is a request that did not succeed.
type failure struct {
	text string
	// final tells that the same request would fail again.
	final bool
	// asked is how long the address wants not to be asked, 0 when it does not say.
	asked time.Duration
}

func (f *failure) Error() string { return f.text }

// final tells whether there is no use in sending the same once more.
func final(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.final
}

// pause returns how long to wait after that many failures.
func pause(err error, failures int) time.Duration {
	var f *failure
	if errors.As(err, &f) && f.asked > 0 {
		return min(f.asked, longestAsked)
	}
	return min(firstPause<<min(failures-1, 10), longestPause)
}

// newClient makes a client that goes nowhere but to the address that it was given.
// Connections are not kept: minutes lie between two requests.
func newClient(patience time.Duration) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives, transport.MaxResponseHeaderBytes = true, 64<<10
	return &http.Client{
		Timeout: patience, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post posts JSON. Its error is a *failure that names no secret.
func post(ctx context.Context, client *http.Client, at Address, body []byte, now time.Time) error {
	target, header, err := at.Request()
	if err != nil {
		return &failure{text: err.Error()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return &failure{text: "the address is no URL", final: true}
	}
	maps.Copy(req.Header, header)
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "edgescope")
	resp, err := client.Do(req)
	if err != nil {
		var of *url.Error // it names the whole URL
		if errors.As(err, &of) {
			err = of.Err
			if of.Timeout() {
				err = fmt.Errorf("no answer within %s", client.Timeout)
			}
		}
		if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
			err = fmt.Errorf("%w: trust it with SSL_CERT_FILE or SSL_CERT_DIR in the collector's environment", err)
		}
		return &failure{text: err.Error()}
	}
	defer resp.Body.Close()                                  //nolint:errcheck // it is only read
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // the status is what counts
	return judged(resp, said, now)
}

// judged makes a failure of an answer that is none of success.
func judged(resp *http.Response, said []byte, now time.Time) error {
	code := resp.StatusCode
	if code/100 == 2 {
		return nil
	}
	f := &failure{text: "answers " + resp.Status, final: true}
	switch line := firstLine(said); {
	case code/100 == 3:
		f.text += ", a redirect, which is not followed: write the address that it leads to"
	case line != "":
		f.text += ": " + line
	}
	if code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= http.StatusInternalServerError {
		f.final, f.asked = false, retryAfter(resp.Header.Get("Retry-After"), now)
	}
	return f
}

func firstLine(said []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(said), []byte("\n"))
	text := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(string(line), ""))
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:200]) + "…"
	}
	return text
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3).
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(at.Sub(now), 0)
}
