package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"edgescope/edge"
	"edgescope/internal/loopback"
)

// JWTOptions say whose JSON Web Tokens are taken. All but Client and RefetchAfter are required.
type JWTOptions struct {
	// URL is where the identity provider publishes its keys (RFC 7517, JWK Set); https, or http on this machine.
	URL string
	// Audience must be in the token's aud, Issuer must be its iss.
	Audience, Issuer string
	// TenantClaim names the claim with the tenant: a number is the tenant's number, a text is the name or a member of a
	// tenant in the token file.
	TenantClaim string
	// Client fetches the keys; nil means one with a timeout of 5 s that follows no redirect.
	Client *http.Client
	// RefetchAfter is how long after a fetch an unknown key may cause the next one; 0 means 10 s.
	RefetchAfter time.Duration
}

// jwtLeeway is how far the clocks of issuer and collector may differ.
const jwtLeeway = 30 * time.Second

// jwtVerifier turns JSON Web Tokens into grants.
type jwtVerifier struct {
	o      JWTOptions
	keys   *keySet
	parser *jwt.Parser
}

func newJWTVerifier(o JWTOptions, now func() time.Time) (*jwtVerifier, error) {
	if o.Audience == "" || o.Issuer == "" || o.TenantClaim == "" {
		return nil, errors.New("JSON Web Tokens: want an audience, an issuer and the name of the claim with the tenant")
	}
	if err := checkKeysURL(o.URL); err != nil {
		return nil, err
	}
	if o.Client == nil {
		o.Client = &http.Client{
			Timeout:       5 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if o.RefetchAfter == 0 {
		o.RefetchAfter = 10 * time.Second
	}
	return &jwtVerifier{
		o:    o,
		keys: &keySet{url: o.URL, client: o.Client, refetchAfter: o.RefetchAfter, now: now},
		// Naming the methods keeps out alg none, and HS256 with the public key as secret (RFC 8725 section 3.1).
		parser: jwt.NewParser(jwt.WithValidMethods([]string{"RS256", "ES256"}), jwt.WithAudience(o.Audience),
			jwt.WithIssuer(o.Issuer),
			jwt.WithExpirationRequired(), jwt.WithLeeway(jwtLeeway), jwt.WithTimeFunc(now)),
	}, nil
}

// checkKeysURL wants keys to come over an authenticated connection: who can change them can sign tokens.
func checkKeysURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("address of keys %q: want https://host/path", text)
	}
	if u.Scheme == "http" && !loopback.Host(u.Hostname()) {
		return fmt.Errorf("address of keys %q: want https, so that nobody on the way can put in keys of their own",
			text)
	}
	return nil
}

// claims are what we read of a token beside what the parser checks.
type claims struct {
	jwt.RegisteredClaims
	all map[string]json.RawMessage
}

// UnmarshalJSON reads the registered claims and keeps all as they are.
func (c *claims) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &c.RegisteredClaims); err != nil {
		return err
	}
	return json.Unmarshal(text, &c.all)
}

// grant verifies a token and returns what it allows. It fails with *DeniedError.
func (v *jwtVerifier) grant(ctx context.Context, token string, t *table) (*Grant, error) {
	var c claims
	_, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		// crit lists extensions that a reader must understand; we know none (RFC 7515 section 4.1.11).
		if _, critical := t.Header["crit"]; critical {
			return nil, errors.New("critical header")
		}
		id, _ := t.Header["kid"].(string)
		return v.keys.find(ctx, id, t.Method.Alg())
	})
	if err != nil {
		return nil, denied("the token is not valid: %s", jwtReason(err))
	}
	scopes := c.scopes()
	raw := c.all[v.o.TenantClaim]
	of, err := t.byClaim(raw)
	if err != nil {
		return nil, &DeniedError{Forbidden: true, Reason: fmt.Sprintf("the token's claim %s %s", v.o.TenantClaim, err)}
	}
	return of.grant(scopes, nil), nil
}

// jwtReason tells the sender what to repair, and nothing about our keys.
func jwtReason(err error) string {
	for _, known := range []struct {
		err    error
		reason string
	}{
		{jwt.ErrTokenExpired, "it has expired"},
		{jwt.ErrTokenNotValidYet, "its time has not come (nbf)"},
		{jwt.ErrTokenInvalidAudience, "it is for another audience"},
		{jwt.ErrTokenInvalidIssuer, "it is of another issuer"},
		{jwt.ErrTokenRequiredClaimMissing, "it lacks a claim that is required (exp, aud, iss)"},
		{errNoKeys, "the keys of its issuer can't be had now"},
		{errUnknownKey, "its key is unknown"},
		{jwt.ErrTokenMalformed, "it can't be read"},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return "its signature does not hold"
}

// byClaim returns the tenant that a claim names: by number, also one that the file does not list, or by name or member.
func (t *table) byClaim(raw json.RawMessage) (*tenant, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, errors.New("is missing: it names the tenant")
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if of := t.byMember[text]; of != nil {
			return of, nil
		}
		return nil, errors.New("names no tenant of the token file")
	}
	n, err := strconv.ParseUint(string(raw), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("is neither a text nor a whole number up to %d", uint32(math.MaxUint32))
	}
	if of := t.byID[edge.Tenant(n)]; of != nil {
		return of, nil
	}
	return &tenant{id: edge.Tenant(n)}, nil
}

// scopePrefix is how our scopes are told from those of others in a token's scope.
const scopePrefix = "edgescope:"

// scopes reads the claim scope (RFC 8693 section 4.2, a list in one text) or scp (the same, or an array, as some
// providers spell it). Without any of ours nothing is allowed.
func (c *claims) scopes() Scope {
	var s Scope
	for _, claim := range []string{"scope", "scp"} {
		var text string
		var list []string
		if json.Unmarshal(c.all[claim], &text) == nil {
			list = strings.Fields(text)
		} else if json.Unmarshal(c.all[claim], &list) != nil {
			continue
		}
		for _, one := range list {
			if name, ours := strings.CutPrefix(one, scopePrefix); ours {
				s |= scopeNames[name]
			}
		}
	}
	return s
}

// timedOut tells whether an error is a matter of time, for a shorter text.
func timedOut(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
