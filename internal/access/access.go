// Package access decides whose a request is and what it may do: bearer tokens from a file, JSON Web Tokens of an
// identity provider, or the header of a trusted proxy, each mapped to a tenant. The ingest port, the query port and the
// dashboard share it; what it returns is a Grant, and every part that touches telemetry takes the tenant from that
// Grant and from nowhere else.
package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
)

// Scope is a set of things that a grant allows.
type Scope uint8

// The scopes: sending telemetry, asking questions of one's own tenant, and looking after the collector as a whole.
const (
	Write Scope = 1 << iota
	Read
	Admin
)

var scopeNames = map[string]Scope{"write": Write, "read": Read, "admin": Admin}

// String names the scopes in the set.
func (s Scope) String() string {
	var names []string
	for _, name := range []string{"write", "read", "admin"} {
		if s&scopeNames[name] != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// Grant is what somebody who signed in may do. It is read-only and safe for concurrent use.
type Grant struct {
	Tenant edge.Tenant
	// Name is what the file calls the tenant; it may be empty.
	Name   string
	Scopes Scope
	// Datasets are the datasets that data points may be sent to; nil allows all.
	Datasets []string

	limit *limiter // nil: no limit
}

// everybody is the grant of all while nobody has to sign in.
var everybody = &Grant{Scopes: Write | Read | Admin}

// DeniedError is the error of a request that may not do what it asks for.
type DeniedError struct {
	// Forbidden is true for a valid token that does not allow this (403), false for one that is missing or wrong (401).
	Forbidden bool
	// Malformed is true for a request that says two things about who sends it (400).
	Malformed bool
	// Reason is a sentence for the sender. It never holds any part of a token.
	Reason string
}

// Error returns the reason.
func (d *DeniedError) Error() string { return d.Reason }

func denied(format string, args ...any) error {
	return &DeniedError{Reason: fmt.Sprintf(format, args...)}
}

// Dataset returns nil when data points may be sent to the dataset, else a *DeniedError.
func (g *Grant) Dataset(name string) error {
	if g.Datasets == nil || slices.Contains(g.Datasets, name) {
		return nil
	}
	return &DeniedError{Forbidden: true, Reason: fmt.Sprintf("this token may not write to the dataset %q", name)}
}

func (g *Grant) allow(want Scope) error {
	if g.Scopes&want == want {
		return nil
	}
	return &DeniedError{Forbidden: true, Reason: fmt.Sprintf("this token lacks the scope %s", want&^g.Scopes)}
}

// Options say by what people and programs sign in.
type Options struct {
	// Tokens is the path of the token file (see Config); empty means none.
	Tokens string
	// JWT says whose JSON Web Tokens are taken; nil means none.
	JWT *JWTOptions
	// ProxyHeader is the header in which a trusted proxy says who asks: the name of a tenant in the token file, or one
	// of its members. Proxies are the addresses of such proxies: the header is ignored when a request comes from
	// elsewhere, and where telemetry is sent. Both are set or none.
	ProxyHeader string
	Proxies     []netip.Prefix
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Guard decides about requests. A nil *Guard lets everybody do everything as tenant 0. It is safe for concurrent use
// and owns no goroutine: call Reload and RefreshKeys from time to time.
type Guard struct {
	o    Options
	file *tokenFile
	jwt  *jwtVerifier
}

// Open reads the token file. It does not fetch keys yet: RefreshKeys does, or the first token that needs one.
func Open(o Options) (*Guard, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Tokens == "" && o.JWT == nil {
		return nil, errors.New("open access: give a token file or the keys of JSON Web Tokens")
	}
	if o.ProxyHeader != "" && (o.Tokens == "" || len(o.Proxies) == 0) {
		return nil, errors.New("open access: a proxy's header needs the addresses of proxies, and a token file that " +
			"maps its values to tenants")
	}
	g := &Guard{o: o, file: &tokenFile{path: o.Tokens, now: o.Now}}
	if o.Tokens != "" {
		if _, err := g.file.reload(); err != nil {
			return nil, err
		}
	}
	if o.JWT != nil {
		var err error
		if g.jwt, err = newJWTVerifier(*o.JWT, o.Now); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Reload reads the token file again. It returns whether anything changed; with an error the table from before stays in
// force.
func (g *Guard) Reload(context.Context) (changed bool, err error) {
	if g.o.Tokens == "" {
		return false, nil
	}
	return g.file.reload()
}

// RefreshKeys fetches the keys of JSON Web Tokens again; with an error the keys from before stay in force. It returns
// whether the set of keys changed. Without JWT it does nothing.
func (g *Guard) RefreshKeys(ctx context.Context) (changed bool, err error) {
	if g.jwt == nil {
		return false, nil
	}
	return g.jwt.keys.refresh(ctx)
}

// Admit decides by the value of an Authorization header. It fails with *DeniedError, and when writing is asked for and
// the tenant has exceeded its rate with *edge.UnavailableError. Where ctx has a visit, the visit knows its sender from
// then on.
func (g *Guard) Admit(ctx context.Context, authorization string, want Scope) (*Grant, error) {
	if g == nil {
		visitOf(ctx).arrive(everybody, nil)
		return everybody, nil
	}
	grant, err := g.identify(ctx, authorization)
	if err == nil {
		visitOf(ctx).identified(grant)
		err = grant.allow(want)
	}
	if err == nil && want == Write {
		err = grant.limit.room(g.o.Now())
	}
	if err != nil {
		return nil, err
	}
	visitOf(ctx).arrive(grant, g.o.Now)
	return grant, nil
}

// Sign notes in the visit of ctx that the body of its request is signed with a secret of the token file: signed tells
// of a secret whether it is that one. Admit takes that in place of a token. All secrets are asked, so that the time
// does not tell which one it is. It fails with *DeniedError when none is.
func (g *Guard) Sign(ctx context.Context, signed func(secret []byte) bool) error {
	var grant *Grant
	for _, d := range g.file.table().drains {
		if signed(d.secret) {
			grant = d.grant
		}
	}
	v := visitOf(ctx)
	if grant == nil || v == nil {
		return denied("the signature is unknown")
	}
	v.signed = grant
	v.identified(grant)
	return nil
}

// maxToken bounds a token in bytes: what is longer is not looked at.
const maxToken = 16 << 10

func (g *Guard) identify(ctx context.Context, authorization string) (*Grant, error) {
	if signed := visitOf(ctx).signedBy(); authorization == "" && signed != nil {
		return signed, nil
	}
	if authorization == "" {
		return nil, denied("a token is missing: send the header Authorization: Bearer TOKEN")
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return nil, denied("the header Authorization must be: Bearer TOKEN")
	}
	if len(token) > maxToken {
		return nil, denied("the token is longer than %d bytes", maxToken)
	}
	table := g.file.table()
	if grant := table.byToken(token); grant != nil {
		return grant, nil
	}
	if g.jwt != nil && strings.Count(token, ".") == 2 {
		return g.jwt.grant(ctx, token, table)
	}
	return nil, denied("the token is unknown")
}

// AdmitRequest is Admit for a question over HTTP: without an Authorization header, the trusted proxy's header counts.
func (g *Guard) AdmitRequest(r *http.Request, want Scope) (*Grant, error) {
	if g == nil {
		return everybody, nil
	}
	values := r.Header.Values("Authorization")
	switch {
	case len(values) > 1:
		return nil, repeated(len(values))
	case len(values) == 0 && g.o.ProxyHeader != "" && FromProxy(r.RemoteAddr, g.o.Proxies):
		return g.admitByProxy(r, want)
	}
	return g.Admit(r.Context(), r.Header.Get("Authorization"), want)
}

func repeated(times int) error {
	return &DeniedError{Malformed: true, Reason: fmt.Sprintf("the header Authorization is there %d times: send one",
		times)}
}

// admitByProxy grants reading, and nothing else, to whom the proxy has signed in.
func (g *Guard) admitByProxy(r *http.Request, want Scope) (*Grant, error) {
	who, err := ProxyUser(r.Header, g.o.ProxyHeader)
	if err != nil {
		return nil, err
	}
	tenant := g.file.table().byMember[who]
	if tenant == nil {
		return nil, &DeniedError{Forbidden: true, Reason: "the proxy's " + g.o.ProxyHeader + " belongs to no tenant"}
	}
	grant := tenant.grant(Read, nil)
	if err := grant.allow(want); err != nil {
		return nil, err
	}
	return grant, nil
}

// Member returns the tenant that a text names in the token file: by its name, one of its members, or its number. Without
// a file nobody is named.
func (g *Guard) Member(who string) (tenant edge.Tenant, named bool) {
	if g == nil {
		return 0, false
	}
	t := g.file.table()
	of := t.byMember[who]
	if n, err := strconv.ParseUint(who, 10, 32); of == nil && err == nil {
		of = t.byID[edge.Tenant(n)]
	}
	if of == nil {
		return 0, false
	}
	return of.id, true
}

// Named is a tenant with its name.
type Named struct {
	Tenant edge.Tenant
	Name   string
}

// Tenants returns the tenants of the token file, by number.
func (g *Guard) Tenants() []Named {
	var all []Named
	for id, of := range g.file.table().byID {
		all = append(all, Named{id, of.name})
	}
	slices.SortFunc(all, func(a, b Named) int { return cmp.Compare(a.Tenant, b.Tenant) })
	return all
}

// ProxyUser returns the value of the header in which a trusted proxy says who asks. It fails with *DeniedError when it
// is missing, empty or there more than once: then somebody else than the proxy has set one of them.
func ProxyUser(h http.Header, name string) (string, error) {
	switch values := h.Values(name); {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return "", denied("the proxy's header %s is missing", name)
	case len(values) > 1:
		return "", denied("the header %s is there %d times: the proxy must replace it", name, len(values))
	default:
		return values[0], nil
	}
}

// FromProxy tells whether the address of a connection (http.Request.RemoteAddr) is in one of the networks.
func FromProxy(remoteAddr string, proxies []netip.Prefix) bool {
	at, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return false
	}
	addr := at.Addr().Unmap().WithZone("")
	for _, p := range proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// ParseProxies reads networks as CIDR, or single addresses.
func ParseProxies(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q: want an address or a network such as 10.0.0.0/8", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
