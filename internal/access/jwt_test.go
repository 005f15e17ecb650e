package access

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// provider is an identity provider whose keys a test changes.
type provider struct {
	*httptest.Server
	fetches atomic.Int64

	mu     sync.Mutex
	status int
	set    []any
}

func newProvider(t *testing.T, keys ...any) *provider {
	p := &provider{status: http.StatusOK, set: keys}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.fetches.Add(1)
		p.mu.Lock()
		defer p.mu.Unlock()
		w.WriteHeader(p.status)
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": p.set})
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) publish(status int, keys ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.set = status, keys
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func rsaJWK(kid string, k *rsa.PublicKey) map[string]any {
	return map[string]any{
		"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": b64(k.N.Bytes()),
		"e": b64(big.NewInt(int64(k.E)).Bytes()),
	}
}

func ecJWK(t *testing.T, kid string, k *ecdsa.PublicKey) map[string]any {
	t.Helper()
	point, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	size := (len(point) - 1) / 2
	return map[string]any{
		"kty": "EC", "kid": kid, "crv": k.Curve.Params().Name, "x": b64(point[1 : 1+size]),
		"y": b64(point[1+size:]),
	}
}

func newRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newEC(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sign makes a token of the header's kid and further header fields.
func sign(t *testing.T, method jwt.SigningMethod, key any, header, payload map[string]any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims(payload))
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// with is a payload with some claims changed; nil removes one.
func with(payload map[string]any, changes map[string]any) map[string]any {
	out := maps.Clone(payload)
	for k, v := range changes {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

func openJWT(t *testing.T, p *provider, c *clock) *Guard {
	t.Helper()
	return open(t, twoTenants, Options{Now: c.now, JWT: &JWTOptions{
		URL: p.URL, Audience: "edgescope", Issuer: "https://id.example", TenantClaim: "tenant",
		Client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}})
}

func payload(c *clock) map[string]any {
	return map[string]any{
		"iss": "https://id.example", "aud": "edgescope", "exp": c.now().Add(time.Hour).Unix(),
		"tenant": "shop", "scope": "openid edgescope:read", "sub": "alice",
	}
}

func TestOnlySoundJSONWebTokensAreTaken(t *testing.T) {
	c := newClock()
	rs, es, p384 := newRSA(t, 2048), newEC(t, elliptic.P256()), newEC(t, elliptic.P384())
	p := newProvider(t, rsaJWK("r", &rs.PublicKey), ecJWK(t, "e", &es.PublicKey), ecJWK(t, "e384", &p384.PublicKey))
	g := openJWT(t, p, c)
	good := payload(c)
	f := func(name, token, want string) {
		t.Helper()
		if got := outcome(g.Admit(t.Context(), "Bearer "+token, Read)); got != want {
			_, err := g.Admit(t.Context(), "Bearer "+token, Read)
			t.Errorf("%s: got %s (%v), want %s", name, got, err, want)
		}
	}
	claims := func(name, want string, changes map[string]any) {
		t.Helper()
		f(name, sign(t, jwt.SigningMethodRS256, rs, map[string]any{"kid": "r"}, with(good, changes)), want)
	}
	header := func(name, want string, method jwt.SigningMethod, key any, h map[string]any) {
		t.Helper()
		f(name, sign(t, method, key, h, good), want)
	}
	header("RS256", "shop", jwt.SigningMethodRS256, rs, map[string]any{"kid": "r"})
	header("ES256", "shop", jwt.SigningMethodES256, es, map[string]any{"kid": "e"})

	claims("an audience among others", "shop", map[string]any{"aud": []string{"other", "edgescope"}})
	claims("tenant by member", "shop", map[string]any{"tenant": "alice@shop.example"})
	claims("tenant by number", "news", map[string]any{"tenant": 2})
	claims("scope as a list in scp", "shop", map[string]any{"scope": nil, "scp": []string{"edgescope:read"}})
	claims("just expired, within the leeway", "shop", map[string]any{"exp": c.now().Add(-29 * time.Second).Unix()})

	claims("expired", "401", map[string]any{"exp": c.now().Add(-31 * time.Second).Unix()})
	claims("without expiry", "401", map[string]any{"exp": nil})
	claims("not yet", "401", map[string]any{"nbf": c.now().Add(31 * time.Second).Unix()})
	claims("other audience", "401", map[string]any{"aud": "other"})
	claims("no audience", "401", map[string]any{"aud": nil})
	claims("other issuer", "401", map[string]any{"iss": "https://evil.example"})
	claims("no issuer", "401", map[string]any{"iss": nil})

	claims("no tenant", "403", map[string]any{"tenant": nil})
	claims("unknown tenant", "403", map[string]any{"tenant": "nobody"})
	claims("a number as text is a name", "403", map[string]any{"tenant": "2"})
	claims("negative tenant", "403", map[string]any{"tenant": -1})
	claims("tenant beyond 32 bits", "403", map[string]any{"tenant": 1 << 32})
	claims("tenant with a fraction", "403", map[string]any{"tenant": 1.5})
	claims("list of tenants", "403", map[string]any{"tenant": []int{1, 2}})
	claims("no scope", "403", map[string]any{"scope": nil})
	claims("scope of others", "403", map[string]any{"scope": "read write admin"})
	claims("scope to write only", "403", map[string]any{"scope": "edgescope:write"})

	public := rs.Public().(*rsa.PublicKey).N.Bytes()
	header("alg none", "401", jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, map[string]any{"kid": "r"})
	header("HS256 with the public key", "401", jwt.SigningMethodHS256, public, map[string]any{"kid": "r"})
	header("RS512", "401", jwt.SigningMethodRS512, rs, map[string]any{"kid": "r"})
	header("PS256", "401", jwt.SigningMethodPS256, rs, map[string]any{"kid": "r"})
	header("ES384", "401", jwt.SigningMethodES384, p384, map[string]any{"kid": "e384"})
	header("another key of that name", "401", jwt.SigningMethodRS256, newRSA(t, 2048), map[string]any{"kid": "r"})
	header("unknown key", "401", jwt.SigningMethodRS256, rs, map[string]any{"kid": "x"})
	header("no key id", "401", jwt.SigningMethodRS256, rs, nil)
	header("key of another algorithm", "401", jwt.SigningMethodRS256, rs, map[string]any{"kid": "e"})
	header("critical extension", "401", jwt.SigningMethodRS256, rs, map[string]any{"kid": "r", "crit": []string{"exp"}})
	evil := newRSA(t, 2048)
	header("key inside the token", "401", jwt.SigningMethodRS256, evil,
		map[string]any{"kid": "r", "jwk": rsaJWK("r", &evil.PublicKey)})
	header("address of keys inside the token", "401", jwt.SigningMethodRS256, evil,
		map[string]any{"kid": "r", "jku": "https://evil.example/keys"})

	token := sign(t, jwt.SigningMethodRS256, rs, map[string]any{"kid": "r"}, good)
	parts := strings.Split(token, ".")
	changed, err := json.Marshal(with(good, map[string]any{"tenant": "news"}))
	if err != nil {
		t.Fatal(err)
	}
	f("changed payload", parts[0]+"."+b64(changed)+"."+parts[2], "401")
	f("no signature", parts[0]+"."+parts[1]+".", "401")
	f("alg None", b64([]byte(`{"alg":"None","kid":"r"}`))+"."+parts[1]+".", "401")
	f("alg in lower case", b64([]byte(`{"alg":"rs256","kid":"r"}`))+"."+parts[1]+"."+parts[2], "401")
	f("garbage", "a.b.c", "401")
	f("empty parts", "..", "401")
	f("five parts", token+".x.y", "401")
	if g, err := g.Admit(t.Context(), "Bearer "+token, Admin); err == nil {
		t.Errorf("a token with the scope edgescope:read is admitted as admin: %+v", g)
	}
}

func TestKeysRotate(t *testing.T) {
	c := newClock()
	first, second := newRSA(t, 2048), newEC(t, elliptic.P256())
	p := newProvider(t, rsaJWK("1", &first.PublicKey))
	g := openJWT(t, p, c)
	old := sign(t, jwt.SigningMethodRS256, first, nil, payload(c)) // one key in the set: no id needed
	fresh := sign(t, jwt.SigningMethodES256, second, map[string]any{"kid": "2"}, payload(c))
	admit := func(token, want string, wantFetches int64) {
		t.Helper()
		if got := outcome(g.Admit(t.Context(), "Bearer "+token, Read)); got != want || p.fetches.Load() != wantFetches {
			t.Errorf("got %s after %d fetches, want %s after %d", got, p.fetches.Load(), want, wantFetches)
		}
	}
	admit(old, "shop", 1)
	admit(old, "shop", 1)
	p.publish(http.StatusOK, rsaJWK("1", &first.PublicKey), ecJWK(t, "2", &second.PublicKey))
	admit(fresh, "401", 1) // a moment after the last fetch
	c.pass(10 * time.Second)
	admit(fresh, "shop", 2)

	c.pass(time.Minute)
	p.publish(http.StatusInternalServerError)
	if _, err := g.RefreshKeys(t.Context()); err == nil || !strings.Contains(err.Error(), "status 500") {
		t.Errorf("got %v", err)
	}
	admit(fresh, "shop", 3) // the keys from before hold
	p.publish(http.StatusOK, ecJWK(t, "2", &second.PublicKey))
	if changed, err := g.RefreshKeys(t.Context()); !changed || err != nil {
		t.Errorf("got %v, %v", changed, err)
	}
	admit(sign(t, jwt.SigningMethodRS256, first, map[string]any{"kid": "1"}, payload(c)), "401", 4) // withdrawn
	admit(fresh, "shop", 4)
}

func TestMadeUpKeysDoNotFloodTheProvider(t *testing.T) {
	c := newClock()
	key := newRSA(t, 2048)
	p := newProvider(t, rsaJWK("1", &key.PublicKey))
	g := openJWT(t, p, c)
	var wg sync.WaitGroup
	for i := range 50 {
		token := sign(t, jwt.SigningMethodRS256, key, map[string]any{"kid": fmt.Sprint("made up ", i)}, payload(c))
		wg.Go(func() {
			if got := outcome(g.Admit(t.Context(), "Bearer "+token, Read)); got != "401" {
				t.Errorf("got %s", got)
			}
		})
	}
	wg.Wait()
	if got := p.fetches.Load(); got != 1 {
		t.Errorf("got %d fetches, want 1", got)
	}
}

func TestWithoutKeysNoTokenHolds(t *testing.T) {
	c := newClock()
	key := newRSA(t, 2048)
	p := newProvider(t)
	p.publish(http.StatusServiceUnavailable)
	g := openJWT(t, p, c)
	_, err := g.Admit(t.Context(), "Bearer "+sign(t, jwt.SigningMethodRS256, key, map[string]any{"kid": "1"},
		payload(c)), Read)
	var no *DeniedError
	if !errors.As(err, &no) || no.Forbidden || !strings.Contains(no.Reason, "keys of its issuer") {
		t.Errorf("got %v", err)
	}
	if got := outcome(g.Admit(t.Context(), "Bearer "+shopReader, Read)); got != "shop" {
		t.Errorf("tokens of the file need no keys: got %s", got)
	}
}

func TestWeakAndForeignKeysAreLeftOut(t *testing.T) {
	good, weak := newEC(t, elliptic.P256()), newRSA(t, 1024)
	f := func(want int, keys ...any) {
		t.Helper()
		text, err := json.Marshal(map[string]any{"keys": keys})
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseKeys(text)
		if len(got) != want || (err == nil) != (want > 0) {
			t.Errorf("%s: got %d keys and %v, want %d", text, len(got), err, want)
		}
	}
	ec := ecJWK(t, "e", &good.PublicKey)
	f(1, ec)
	f(1, ec, rsaJWK("w", &weak.PublicKey))
	f(0, rsaJWK("w", &weak.PublicKey))
	f(0, with(ec, map[string]any{"use": "enc"}))
	f(0, with(ec, map[string]any{"alg": "ES384"}))
	f(0, with(ec, map[string]any{"x": b64(make([]byte, 32))})) // not on the curve
	f(0, with(ec, map[string]any{"x": "!"}))
	f(0, map[string]any{"kty": "oct", "k": b64([]byte("secret")), "alg": "HS256"})
	f(1, ec, "no object", 5, map[string]any{"kty": 5})
	f(0)
}

func TestAProviderThatRedirectsOrNeverEndsIsRefused(t *testing.T) {
	f := func(name, want string, h http.HandlerFunc) {
		t.Helper()
		s := httptest.NewServer(h)
		defer s.Close()
		v, err := newJWTVerifier(JWTOptions{URL: s.URL, Audience: "a", Issuer: "i", TenantClaim: "t"}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		defer v.o.Client.CloseIdleConnections()
		if _, err := v.keys.refresh(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	f("a redirect", "status 302", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
	})
	f("an answer without end", "more than 1048576 bytes", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	f("no JSON", "read keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",` +
		`"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"1"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"oct","k":"AA"},5]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := parseKeys(text)
		if (err == nil) != (len(keys) > 0) {
			t.Errorf("%q: %d keys and %v", text, len(keys), err)
		}
		for _, k := range keys {
			switch key := k.key.(type) {
			case *rsa.PublicKey:
				if key.N.BitLen() < minRSABits || k.alg != "RS256" {
					t.Errorf("%q: a weak key", text)
				}
			case *ecdsa.PublicKey:
				if key.Curve != elliptic.P256() || k.alg != "ES256" {
					t.Errorf("%q: a key of another curve", text)
				}
			default:
				t.Errorf("%q: %T", text, crypto.PublicKey(key))
			}
		}
	})
}

func FuzzToken(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	c := newClock()
	v, err := newJWTVerifier(JWTOptions{
		URL: "http://127.0.0.1:1/", Audience: "edgescope", Issuer: "https://id.example",
		TenantClaim: "tenant",
	}, c.now)
	if err != nil {
		f.Fatal(err)
	}
	v.keys.keys.Store(&map[string]publicKey{"1": {"ES256", &key.PublicKey}})
	v.keys.fetched = c.now() // an unknown key fetches nothing
	f.Add(`{"alg":"ES256","kid":"1"}`, `{"tenant":1}`, "AAAA")
	f.Add(`{"alg":"none"}`, `{"tenant":1,"exp":4102444800,"aud":"edgescope","iss":"https://id.example"}`, "")
	f.Fuzz(func(t *testing.T, header, payload, signature string) {
		// Whatever the parts are, without the private key no token holds.
		token := b64([]byte(header)) + "." + b64([]byte(payload)) + "." + signature
		if g, err := v.grant(t.Context(), token, nobody); err == nil {
			t.Errorf("%s %s %s: granted %+v", header, payload, signature, g)
		}
	})
}
