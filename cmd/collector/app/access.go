package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"edgescope/internal/access"
	"edgescope/internal/loopback"
	"edgescope/internal/run"
	"edgescope/query/gate"
)

const (
	// lookEvery is how often files are looked at, which is how long a token that was taken out of the file still works.
	lookEvery = 2 * time.Second
	// fetchEvery is how often an identity provider's keys are fetched, which is how long a withdrawn key still works. A
	// new key is fetched when the first token brings it.
	fetchEvery = 5 * time.Minute
)

// accessOptions are the flags of who may do what.
type accessOptions struct {
	tokens      string
	jwt         access.JWTOptions
	proxyHeader string
	proxies     []string
	tls         run.TLSOptions
	insecure    bool
	// vercelVerify is the code of Vercel's question whose address this is.
	vercelVerify string
	// allowedHosts are further names under which the ports may be asked.
	allowedHosts []string
}

func (o *accessOptions) register(f *run.Flags) {
	f.Group("Access (off without --tokens and --jwks-url: then everybody is tenant 0)")
	f.String(&o.tokens, "tokens", "", "tenants, their tokens and rates are in this YAML or JSON `file`; docs/access.md")
	f.String(&o.jwt.URL, "jwks-url", "", "take JSON Web Tokens that are signed with the keys at this `URL`")
	f.String(&o.jwt.Audience, "jwt-audience", "edgescope", "a JSON Web Token must be meant for this `audience`")
	f.String(&o.jwt.Issuer, "jwt-issuer", "", "a JSON Web Token must come from this `issuer`")
	f.String(&o.jwt.TenantClaim, "jwt-tenant-claim", "tenant", "the `claim` of a JSON Web Token that names the tenant")
	f.String(&o.proxyHeader, "trusted-proxy-header", "", "the `header` in which a proxy says who asks; only for "+
		"questions")
	f.Strings(&o.proxies, "trusted-proxies", "the proxies are at these addresses, as `CIDR` (repeatable)")
	o.tls.Register(f)
	f.String(&o.vercelVerify, "vercel-verify", "", "tell Vercel by this `code` that the address is yours "+
		"(docs/drains.md)")
	f.Strings(&o.allowedHosts, "allowed-hosts", "let the ports be asked by this `name`, *.example.com or * "+
		"(repeatable, or with commas)")
	f.Bool(&o.insecure, "insecure", false, "listen beyond this machine although nobody has to sign in")
}

// on tells whether anybody has to sign in.
func (o *accessOptions) on() bool { return o.tokens != "" || o.jwt.URL != "" }

func (o *accessOptions) validate() error {
	errs := []error{o.tls.Validate()}
	if o.jwt.URL != "" && o.jwt.Issuer == "" {
		errs = append(errs, run.Usage("--jwks-url: name who signs the tokens with --jwt-issuer"))
	}
	if (o.proxyHeader == "") != (len(o.proxies) == 0) {
		errs = append(errs, run.Usage("--trusted-proxy-header and --trusted-proxies: give both or none"))
	}
	if o.proxyHeader != "" && o.tokens == "" {
		errs = append(errs, run.Usage("--trusted-proxy-header: say in the file of --tokens which tenant each value "+
			"belongs to"))
	}
	if _, err := access.ParseProxies(o.proxies); err != nil {
		errs = append(errs, run.Usage("--trusted-proxies %w", err))
	}
	if _, err := o.hosts("", false); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// hosts makes the names under which a port may be asked.
func (o *accessOptions) hosts(addr string, ingest bool) (*access.Hosts, error) {
	h, err := access.NewHosts(access.HostOptions{
		Addr: addr, Allowed: o.allowedHosts, Ingest: ingest, SignIn: o.on(),
		Local: loopback.Addr(addr),
	})
	if err != nil {
		return nil, run.Usage("--allowed-hosts %w", err)
	}
	return h, nil
}

// openAccess reads tokens and certificate, and looks after both from then on.
func (c *Collector) openAccess(ctx context.Context) error {
	var err error
	if c.certificate, err = c.tls.Open(ctx); err != nil {
		return err
	}
	var watched []run.Watched
	if c.certificate != nil {
		watched = append(watched, run.Watched{Name: "TLS certificate", Every: lookEvery, Reload: c.certificate.Reload})
	}
	if c.on() {
		if err := c.openGuard(ctx); err != nil {
			return err
		}
		watched = append(watched,
			run.Watched{Name: "tokens", Every: lookEvery, Reload: c.guard.Reload},
			run.Watched{Name: "keys of JSON Web Tokens", Every: fetchEvery, Reload: c.guard.RefreshKeys})
	}
	c.stack.Push("watching of files", run.Watch(ctx, c.logger, watched...))
	return nil
}

func (c *Collector) openGuard(ctx context.Context) error {
	proxies, err := access.ParseProxies(c.proxies)
	if err != nil {
		return err
	}
	o := access.Options{Tokens: c.tokens, ProxyHeader: c.proxyHeader, Proxies: proxies}
	if c.jwt.URL != "" {
		o.JWT = &c.jwt
	}
	if c.guard, err = access.Open(o); err != nil {
		return err
	}
	if _, err := c.guard.RefreshKeys(ctx); err != nil {
		c.logger.Warn("JSON Web Tokens can't be verified until their keys can be fetched", slog.Any("error", err))
	}
	for _, addr := range []string{c.grpcAddr, c.httpAddr, c.queryAddr} {
		if c.certificate == nil && !loopback.Addr(addr) {
			c.logger.Warn("tokens travel in clear text: give --tls-cert, or put a proxy that speaks TLS in front",
				slog.String("addr", addr))
		}
	}
	return nil
}

// admit returns what who sends telemetry may do.
func (c *Collector) admit(ctx context.Context, authorization string) (*access.Grant, error) {
	return c.guard.Admit(ctx, authorization, access.Write)
}

// admitSigned admits a request by the signature of its body, and counts the body against the rate of who signed it.
func (c *Collector) admitSigned(ctx context.Context, size int, signed func(secret []byte) bool) error {
	if err := c.guard.Sign(ctx, signed); err != nil {
		return err
	}
	if _, err := c.guard.Admit(ctx, "", access.Write); err == nil {
		access.Spend(ctx, size, 0)
	}
	return nil // a sender that is too fast is told so when it is admitted
}

// routes are those of the query port; each says what a request needs to be allowed. The guard stands behind the choice
// of the route: no spelling of a path leads to a handler around it. Who is refused by the guard or the gate is told as
// the clients of the tongue read errors.
type routes struct {
	mux   *http.ServeMux
	guard *access.Guard
	gate  *gate.Gate
}

// open adds what everybody may ask.
func (r *routes) open(pattern string, h http.Handler) { r.mux.Handle(pattern, h) }

// read adds what is for those who may read, and costs nothing.
func (r *routes) read(pattern string, h http.Handler) {
	r.mux.Handle(pattern, r.guard.Protect(access.Read, nil, h))
}

// ask adds what is answered from the telemetry of the tenant that asks, in a tongue, within the bounds of the gate.
func (r *routes) ask(t gate.Tongue, pattern string, h http.Handler) {
	r.mux.Handle(pattern, r.guard.Protect(access.Read, t.Fail, r.gate.Question(t, h)))
}

// follow is ask for answers that last until their client leaves.
func (r *routes) follow(t gate.Tongue, pattern string, h http.Handler) {
	r.mux.Handle(pattern, r.guard.Protect(access.Read, t.Fail, r.gate.Follow(t, h)))
}

// admin adds what concerns the collector as a whole.
func (r *routes) admin(pattern string, h http.Handler) {
	r.mux.Handle(pattern, r.guard.Protect(access.Admin, nil, h))
}
