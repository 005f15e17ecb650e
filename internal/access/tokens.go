package access

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.yaml.in/yaml/v3"

	"edgescope/edge"
)

// Config is what the token file holds, as YAML or JSON.
type Config struct {
	Tenants []TenantConfig `yaml:"tenants"`
	Tokens  []TokenConfig  `yaml:"tokens"`
}

// TenantConfig is a tenant.
type TenantConfig struct {
	// ID is the tenant's number, 0 to 4294967295; telemetry is stored under it, so it must never be given to somebody
	// else. 0 is whose telemetry is that was received while nobody had to sign in.
	ID *uint32 `yaml:"id"`
	// Name is what tokens refer to.
	Name string `yaml:"name"`
	// Members are further texts that stand for the tenant in a proxy's header or in the tenant claim of a JSON Web
	// Token, such as mail addresses.
	Members []string `yaml:"members"`
	Limit   Limit    `yaml:"limit"`
}

// TokenConfig is a token: its text or, so that the file holds no secret, the SHA-256 of it in hex.
type TokenConfig struct {
	Token  string `yaml:"token"`
	SHA256 string `yaml:"sha256"`
	// DrainSecret is the signature secret of a drain of Vercel, which stands for a token: its requests are signed with
	// it. It can't be kept as a hash, since signatures are made of it.
	DrainSecret string `yaml:"drain_secret"`
	// Tenant is the name of a tenant in the same file.
	Tenant string `yaml:"tenant"`
	// Scopes are write, read and admin; at least one.
	Scopes []string `yaml:"scopes"`
	// Datasets are the datasets that data points may be sent to; none means all.
	Datasets []string `yaml:"datasets"`
	// Note is for the reader of the file.
	Note string `yaml:"note"`
}

const (
	// minToken is how short a token may be, in characters: 20 random letters and digits are beyond guessing.
	minToken = 20
	// maxFile bounds the token file in bytes: about 100,000 tokens.
	maxFile = 16 << 20
)

// tenant is a tenant of the file with its limiter, which lives on when the file is read again.
type tenant struct {
	id      edge.Tenant
	name    string
	limiter *limiter
}

func (t *tenant) grant(scopes Scope, datasets []string) *Grant {
	return &Grant{Tenant: t.id, Name: t.name, Scopes: scopes, Datasets: datasets, limit: t.limiter}
}

// table is a token file as understood. It is never changed. A nil table knows nobody.
type table struct {
	grants   map[[sha256.Size]byte]*Grant
	byMember map[string]*tenant
	byID     map[edge.Tenant]*tenant
	drains   []drain
}

// drain is a secret by which requests are signed, and what it allows.
type drain struct {
	secret []byte
	grant  *Grant
}

// mostDrains bounds the secrets: each costs a hash of every signed body.
const mostDrains = 32

// byToken returns the grant of a token, nil for an unknown one. The look-up takes as long as the digest says, and a
// digest tells nothing about the tokens near it: comparing them in constant time would hide nothing more.
func (t *table) byToken(token string) *Grant { return t.grants[sha256.Sum256([]byte(token))] }

// tokenFile is the file and what it said last.
type tokenFile struct {
	path string
	now  func() time.Time

	mu      sync.Mutex // held while reading
	text    []byte
	current atomic.Pointer[table]
}

var nobody = &table{}

func (f *tokenFile) table() *table {
	if t := f.current.Load(); t != nil {
		return t
	}
	return nobody
}

// reload reads the file and, if its text has changed, puts it in force.
func (f *tokenFile) reload() (changed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := readFile(f.path)
	if err != nil {
		return false, fmt.Errorf("read the token file: %w", err)
	}
	if f.text != nil && bytes.Equal(text, f.text) {
		return false, nil
	}
	t, err := parseTokens(text, f.table(), f.now())
	if err != nil {
		return false, fmt.Errorf("token file %s: %w", f.path, err)
	}
	f.text = text
	f.current.Store(t)
	return true, nil
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes", path, maxFile)
	}
	return text, err
}

// parseTokens reads the text of a token file. Tenants whose limit stays the same keep what they have left of it.
func parseTokens(text []byte, before *table, now time.Time) (*table, error) {
	var c Config
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("want one document")
	}
	if len(c.Tenants) == 0 {
		return nil, errors.New("there are no tenants: want tenants: [{id: 1, name: shop}]")
	}
	t := &table{grants: map[[sha256.Size]byte]*Grant{}, byMember: map[string]*tenant{}, byID: map[edge.Tenant]*tenant{}}
	var errs []error
	byName := map[string]*tenant{}
	for i := range c.Tenants {
		if err := t.addTenant(&c.Tenants[i], byName, before, now); err != nil {
			errs = append(errs, fmt.Errorf("tenant %d (%s): %w", i+1, c.Tenants[i].Name, err))
		}
	}
	for i := range c.Tokens {
		if err := t.addToken(&c.Tokens[i], byName); err != nil {
			errs = append(errs, fmt.Errorf("token %d (of %s): %w", i+1, c.Tokens[i].Tenant, err))
		}
	}
	return t, errors.Join(errs...)
}

func (t *table) addTenant(c *TenantConfig, byName map[string]*tenant, before *table, now time.Time) error {
	switch {
	case c.ID == nil:
		return errors.New("want an id, such as 1")
	case c.Name == "":
		return errors.New("want a name")
	case byName[c.Name] != nil:
		return errors.New("there are two of this name")
	case t.byID[edge.Tenant(*c.ID)] != nil:
		return fmt.Errorf("there are two with id %d", *c.ID)
	}
	if err := c.Limit.validate(); err != nil {
		return err
	}
	added := &tenant{id: edge.Tenant(*c.ID), name: c.Name, limiter: newLimiter(c.Limit, now)}
	if old := before.byID[added.id]; old != nil && old.limiter.same(added.limiter) {
		added.limiter = old.limiter
	}
	t.byID[added.id], byName[added.name] = added, added
	for _, member := range append([]string{c.Name}, c.Members...) {
		if member == "" || t.byMember[member] != nil {
			return fmt.Errorf("member %q is empty or there already", member)
		}
		t.byMember[member] = added
	}
	return nil
}

func (t *table) addToken(c *TokenConfig, byName map[string]*tenant) error {
	digest, err := c.digest()
	if err != nil {
		return err
	}
	of := byName[c.Tenant]
	if of == nil {
		return fmt.Errorf("there is no tenant %q", c.Tenant)
	}
	if t.grants[digest] != nil {
		return errors.New("the token is there twice")
	}
	scopes, err := parseScopes(c.Scopes)
	if err != nil {
		return err
	}
	for _, d := range c.Datasets {
		if !edge.ValidDataset(d) {
			return fmt.Errorf("dataset %q: want up to 64 letters, digits and _.-", d)
		}
	}
	if len(c.Datasets) == 0 {
		c.Datasets = nil
	}
	if c.DrainSecret != "" {
		t.drains = append(t.drains, drain{[]byte(c.DrainSecret), of.grant(scopes, c.Datasets)})
		return t.checkDrains(scopes)
	}
	t.grants[digest] = of.grant(scopes, c.Datasets)
	return nil
}

func (t *table) checkDrains(scopes Scope) error {
	if scopes != Write {
		return errors.New("a drain_secret has the scopes [write]: what is signed is what is sent")
	}
	if len(t.drains) > mostDrains {
		return fmt.Errorf("there are more than %d drain secrets: give further drains a token in a header of theirs",
			mostDrains)
	}
	last := len(t.drains) - 1
	for _, d := range t.drains[:last] {
		if bytes.Equal(d.secret, t.drains[last].secret) {
			return errors.New("the drain_secret is there twice")
		}
	}
	return nil
}

func (c *TokenConfig) digest() (digest [sha256.Size]byte, err error) {
	switch {
	case c.given() != 1:
		return digest, errors.New("want one of token, sha256 and drain_secret")
	case c.DrainSecret != "":
		return c.secretDigest()
	case c.Token == "":
		sum, err := hex.DecodeString(c.SHA256)
		if err != nil || len(sum) != sha256.Size {
			return digest, errors.New("sha256: want 64 hex digits, as sha256sum prints them")
		}
		return [sha256.Size]byte(sum), nil
	case len(c.Token) < minToken:
		return digest, fmt.Errorf("the token has fewer than %d characters and can be guessed: make one with openssl "+
			"rand -hex 24", minToken)
	case strings.ContainsAny(c.Token, " \t\r\n") || len(c.Token) > maxToken:
		return digest, fmt.Errorf("a token has no spaces and at most %d characters", maxToken)
	}
	return sha256.Sum256([]byte(c.Token)), nil
}

// given counts by what the token is given.
func (c *TokenConfig) given() (n int) {
	for _, text := range []string{c.Token, c.SHA256, c.DrainSecret} {
		if text != "" {
			n++
		}
	}
	return n
}

// secretDigest is of a secret, which is no token: nobody signs in with it.
func (c *TokenConfig) secretDigest() (digest [sha256.Size]byte, err error) {
	if len(c.DrainSecret) < minToken {
		return digest, fmt.Errorf("the drain_secret has fewer than %d characters and can be guessed", minToken)
	}
	return sha256.Sum256([]byte("drain secret " + c.DrainSecret)), nil
}

func parseScopes(names []string) (Scope, error) {
	var s Scope
	for _, name := range names {
		one, ok := scopeNames[name]
		if !ok {
			return 0, fmt.Errorf("scope %q: want write, read or admin", name)
		}
		s |= one
	}
	if s == 0 {
		return 0, errors.New("want scopes, such as [write] for a function or [read] for a person")
	}
	return s, nil
}
