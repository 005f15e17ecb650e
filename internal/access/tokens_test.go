package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
)

const (
	shopWriter = "shop-writer-0123456789abcdef"
	shopReader = "shop-reader-0123456789abcdef"
	newsAll    = "news-0123456789abcdef-0123456789"
)

func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

var twoTenants = `
tenants:
  - {id: 1, name: shop, members: [alice@shop.example]}
  - {id: 2, name: news}
tokens:
  - {token: ` + shopWriter + `, tenant: shop, scopes: [write], datasets: [orders]}
  - {token: ` + shopReader + `, tenant: shop, scopes: [read], note: for people}
  - {sha256: ` + hash(newsAll) + `, tenant: news, scopes: [write, read, admin]}
`

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, text string, o Options) *Guard {
	t.Helper()
	o.Tokens = filepath.Join(t.TempDir(), "tokens.yml")
	write(t, o.Tokens, text)
	g, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// outcome is what a request gets, in one word.
func outcome(g *Grant, err error) string {
	var no *DeniedError
	var later *edge.UnavailableError
	switch {
	case errors.As(err, &no) && no.Forbidden:
		return "403"
	case errors.As(err, &no):
		return "401"
	case errors.As(err, &later) && later.Busy && later.RetryAfter >= time.Second:
		return "429"
	case err != nil:
		return err.Error()
	}
	return g.Name
}

func TestATokenGivesItsTenantAndNoMore(t *testing.T) {
	g := open(t, twoTenants, Options{})
	f := func(authorization string, want Scope, wantOutcome string) {
		t.Helper()
		if got := outcome(g.Admit(t.Context(), authorization, want)); got != wantOutcome {
			t.Errorf("%q for %s: got %s, want %s", authorization, want, got, wantOutcome)
		}
	}
	f("Bearer "+shopWriter, Write, "shop")
	f("bearer "+shopWriter, Write, "shop")
	f("BEARER  "+shopWriter+" ", Write, "shop")
	f("Bearer "+shopReader, Read, "shop")
	f("Bearer "+newsAll, Write, "news")
	f("Bearer "+newsAll, Read, "news")
	f("Bearer "+newsAll, Admin, "news")

	f("Bearer "+shopWriter, Read, "403")
	f("Bearer "+shopReader, Write, "403")
	f("Bearer "+shopReader, Admin, "403")

	f("", Write, "401")
	f("Bearer", Write, "401")
	f("Bearer ", Write, "401")
	f(shopWriter, Write, "401")
	f("Basic "+shopWriter, Write, "401")
	f("Bearer "+shopWriter+"x", Write, "401")
	f("Bearer "+shopWriter[1:], Write, "401")
	f("Bearer "+strings.ToUpper(shopWriter), Write, "401")
	f("Bearer "+hash(newsAll), Read, "401") // the hash in the file is no token
	f("Bearer "+shopWriter+","+shopReader, Write, "401")
	f("Bearer "+shopWriter+" "+shopReader, Write, "401")
	f("Bearer "+shopWriter+"\x00", Write, "401")
	f("Bearer "+strings.Repeat("a", maxToken+1), Write, "401")
	f("Bearer eyJhbGciOiJub25lIn0.e30.", Write, "401")
}

func TestReasonsHoldNoToken(t *testing.T) {
	g := open(t, twoTenants, Options{})
	for _, authorization := range []string{"Bearer secret-0123456789abcdef", "Basic secret", "secret"} {
		_, err := g.Admit(t.Context(), authorization, Write)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", authorization, err)
		}
	}
}

func TestDatasetsBoundWhereDataPointsGo(t *testing.T) {
	g := open(t, twoTenants, Options{})
	f := func(token, dataset, want string) {
		t.Helper()
		grant, err := g.Admit(t.Context(), "Bearer "+token, Write)
		if err != nil {
			t.Fatal(err)
		}
		if got := outcome(grant, grant.Dataset(dataset)); got != want {
			t.Errorf("%s to %q: got %s, want %s", token, dataset, got, want)
		}
	}
	f(shopWriter, "orders", "shop")
	f(shopWriter, "Orders", "403")
	f(shopWriter, "orders2", "403")
	f(shopWriter, "", "403")
	f(newsAll, "anything", "news")
}

func TestWithoutAGuardEverybodyIsTenantZero(t *testing.T) {
	var g *Guard
	grant, err := g.Admit(t.Context(), "", Write)
	if err != nil || grant.Tenant != 0 || grant.Scopes != Write|Read|Admin || grant.Dataset("any") != nil {
		t.Errorf("got %+v, %v", grant, err)
	}
}

func TestBadTokenFilesSayWhatWouldBeRight(t *testing.T) {
	const shop = "tenants: [{id: 1, name: shop}]\n"
	f := func(text, want string) {
		t.Helper()
		_, err := parseTokens([]byte(text), nobody, time.Time{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
	f("", "there are no tenants")
	f("tokens: []", "there are no tenants")
	f("tenants: [{name: shop}]", "want an id")
	f("tenants: [{id: 1}]", "want a name")
	f("tenants: [{id: -1, name: shop}]", "line 1")
	f("tenants: [{id: 4294967296, name: shop}]", "line 1")
	f("tenants: [{id: 1, name: shop}, {id: 1, name: news}]", "tenant 2 (news): there are two with id 1")
	f("tenants: [{id: 1, name: shop}, {id: 2, name: shop}]", "two of this name")
	f("tenants: [{id: 1, name: shop}, {id: 2, name: news, members: [shop]}]", `member "shop" is empty or there already`)
	f("tenants: [{id: 1, name: shop, limit: {bytes_per_second: -1}}]", "rates must be")
	f("tenants: [{id: 1, name: shop, limit: {events_per_second: .nan}}]", "rates must be")
	f("tenants: [{id: 1, name: shop, limit: {burst: 25h}}]", "at most 24h")
	f(shop+"tokens: [{tenant: shop, scopes: [read]}]", "want one of token, sha256 and drain_secret")
	f(shop+"tokens: [{token: "+shopReader+", sha256: "+hash("x")+", tenant: shop, scopes: [read]}]",
		"want one of token, sha256 and drain_secret")
	f(shop+"tokens: [{token: short, tenant: shop, scopes: [read]}]", "openssl rand")
	f(shop+"tokens: [{token: 'with spaces in it 0123456789', tenant: shop, scopes: [read]}]", "no spaces")
	f(shop+"tokens: [{sha256: abc, tenant: shop, scopes: [read]}]", "64 hex digits")
	f(shop+"tokens: [{token: "+shopReader+", tenant: news, scopes: [read]}]", `there is no tenant "news"`)
	f(shop+"tokens: [{token: "+shopReader+", tenant: shop}]", "want scopes")
	f(shop+"tokens: [{token: "+shopReader+", tenant: shop, scopes: [root]}]", `scope "root"`)
	f(shop+"tokens: [{token: "+shopReader+", tenant: shop, scopes: [read], datasets: [a/b]}]", `dataset "a/b"`)
	f(shop+"tokens: [{token: "+shopReader+", tenant: shop, scopes: [read]}, "+
		"{sha256: "+hash(shopReader)+", tenant: shop, scopes: [write]}]", "there twice")
	f(shop+"tokens: [{drain_secret: "+shopReader+", token: "+shopWriter+", tenant: shop, scopes: [write]}]",
		"want one of token, sha256 and drain_secret")
	f(shop+"tokens: [{drain_secret: short, tenant: shop, scopes: [write]}]", "can be guessed")
	f(shop+"tokens: [{drain_secret: "+shopReader+", tenant: shop, scopes: [write, read]}]", "has the scopes [write]")
	f(shop+"tokens: [{drain_secret: "+shopReader+", tenant: shop, scopes: [write]}, "+
		"{drain_secret: "+shopReader+", tenant: shop, scopes: [write]}]", "there twice")
	var many strings.Builder
	many.WriteString(shop + "tokens:\n")
	for i := range 33 {
		fmt.Fprintf(&many, "  - {drain_secret: a-secret-of-many-characters-%d, tenant: shop, scopes: [write]}\n", i)
	}
	f(many.String(), "more than 32 drain secrets")
	f(shop+"tokens: [{tokn: "+shopReader+"}]", "field tokn not found")
	f(shop+"---\n"+shop, "want one document")
	f("{", "yaml")
}

// TestASecretOfADrainIsNoToken: it admits a visit whose body is signed with it, and nobody who sends it.
func TestASecretOfADrainIsNoToken(t *testing.T) {
	const shopDrain, newsDrain = "drain-secret-of-the-shop", "drain-secret-of-the-news"
	g := open(t, twoTenants+"  - {drain_secret: "+shopDrain+", tenant: shop, scopes: [write]}\n  - "+
		"{drain_secret: "+newsDrain+", tenant: news, scopes: [write]}\n", Options{})
	by := func(secret string) func([]byte) bool { return func(s []byte) bool { return string(s) == secret } }
	f := func(secret, authorization string, want Scope, wantOutcome string) {
		t.Helper()
		ctx := Begin(t.Context())
		_ = g.Sign(ctx, by(secret)) // Admit tells
		if got := outcome(g.Admit(ctx, authorization, want)); got != wantOutcome {
			t.Errorf("signed with %q, token %q, for %s: got %s, want %s", secret, authorization, want, got, wantOutcome)
		}
	}
	f(shopDrain, "", Write, "shop")
	f(newsDrain, "", Write, "news")
	f(shopDrain, "", Read, "403")
	f("unknown", "", Write, "401")
	f(shopDrain, "Bearer wrong", Write, "401")
	f(shopDrain, "Bearer "+newsAll, Write, "news")
	f("", "Bearer "+shopDrain, Write, "401")
	f("", "Bearer drain secret "+shopDrain, Write, "401")
	if err := g.Sign(t.Context(), by(shopDrain)); err == nil {
		t.Error("a signature is taken where there is no visit to note it in")
	}
	asked := 0
	_ = g.Sign(Begin(t.Context()), func([]byte) bool { asked++; return true })
	if asked != 2 {
		t.Errorf("%d secrets were asked, want all, so that time does not tell which one it is", asked)
	}
}

func TestATokenFileMayBeJSON(t *testing.T) {
	text := `{"tenants":[{"id":7,"name":"shop","limit":{"bytes_per_second":1e6,"burst":"30s"}}],` +
		`"tokens":[{"token":"` + shopReader + `","tenant":"shop","scopes":["read"]}]}`
	got, err := parseTokens([]byte(text), nobody, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if g := got.byToken(shopReader); g == nil || g.Tenant != 7 ||
		g.limit.limit != (Limit{BytesPerSecond: 1e6, Burst: 30 * time.Second}) {
		t.Errorf("got %+v", g)
	}
}

func TestTheFileIsReadAgainAndABadOneChangesNothing(t *testing.T) {
	g := open(t, twoTenants, Options{})
	reload := func(want bool) {
		t.Helper()
		if changed, err := g.Reload(t.Context()); changed != want || err != nil {
			t.Errorf("got changed %v, %v; want %v", changed, err, want)
		}
	}
	admit := func(token, want string) {
		t.Helper()
		if got := outcome(g.Admit(t.Context(), "Bearer "+token, Read)); got != want {
			t.Errorf("%s: got %s, want %s", token, got, want)
		}
	}
	reload(false)
	admit(shopReader, "shop")

	write(t, g.o.Tokens, strings.ReplaceAll(twoTenants, shopReader, "shop-reader-of-the-next-year"))
	reload(true)
	admit(shopReader, "401")
	admit("shop-reader-of-the-next-year", "shop")

	for range 2 { // a bad file is told each time, not only when it changes
		write(t, g.o.Tokens, "tokens: [{}]")
		if changed, err := g.Reload(t.Context()); changed || err == nil ||
			!strings.Contains(err.Error(), "there are no tenants") {
			t.Errorf("a bad file: got %v, %v", changed, err)
		}
		admit("shop-reader-of-the-next-year", "shop")
	}
	if err := os.Remove(g.o.Tokens); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Reload(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: got %v", err)
	}
	admit("shop-reader-of-the-next-year", "shop")
}

func TestOpenWantsWhatItNeeds(t *testing.T) {
	f := func(o Options, want string) {
		t.Helper()
		if _, err := Open(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s", o, err, want)
		}
	}
	jwt := JWTOptions{
		URL: "https://id.example/keys", Audience: "edgescope", Issuer: "https://id.example",
		TenantClaim: "tenant",
	}
	f(Options{}, "give a token file")
	f(Options{Tokens: "/does/not/exist"}, "read the token file")
	f(Options{JWT: &jwt, ProxyHeader: "X-User"}, "needs the addresses of proxies")
	bad := jwt
	bad.Audience = ""
	f(Options{JWT: &bad}, "want an audience")
	bad = jwt
	bad.URL = "http://id.example/keys"
	f(Options{JWT: &bad}, "want https")
	bad.URL = "id.example"
	f(Options{JWT: &bad}, "want https://host/path")
}

func TestScopesHaveNames(t *testing.T) {
	if d := cmp.Diff("write+admin", (Write | Admin).String()); d != "" {
		t.Error(d)
	}
}

func FuzzParseTokens(f *testing.F) {
	f.Add([]byte(twoTenants))
	f.Add([]byte(`{"tenants":[{"id":7,"name":"shop","limit":{"bytes_per_second":1e6,"burst":"30s"}}]}`))
	f.Add([]byte("tenants: [{id: 1, name: shop}]\ntokens: [{sha256: ff}]"))
	f.Add([]byte("tenants: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parseTokens(text, nobody, time.Time{})
		if err != nil {
			return
		}
		for _, g := range got.grants {
			if g.Scopes == 0 || got.byID[g.Tenant] == nil {
				t.Errorf("%q gives %+v", text, g)
			}
		}
	})
}
