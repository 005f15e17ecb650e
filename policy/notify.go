package policy

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"edgescope/internal/labels"
	"edgescope/internal/tree"
)

// Notify says who is told of alerts, and when.
type Notify struct {
	// Wait is how long the first alert of a group waits for others, Interval how long further ones of it wait, and Repeat
	// after how long what still fires is told again; 0 was not said.
	Wait, Interval, Repeat time.Duration
	// Dashboard is the base URL with which links of alerts begin, "" when it was not said.
	Dashboard string
	Receivers []Receiver
}

// Receiver is somebody who is told.
type Receiver struct {
	Name string
	// Alertmanagers are base URLs of Alertmanagers; all of them get every alert. Webhook is where notifications are posted
	// as Alertmanager posts them. One of both is there.
	Alertmanagers []string
	Webhook       Secret
	// Match chooses the alerts that it is told of; none choose all.
	Match labels.Matchers
	// Bearer, or User with Password, is how to sign in. Headers are sent as well.
	Bearer   Secret
	User     string
	Password Secret
	Headers  map[string]Secret
	Tenant   string
}

func (r *reader) notify(p *Policy) take {
	return func(n *tree.Node) {
		r.object(n, "notify", map[string]take{
			"wait": r.length(&p.Notify.Wait), "interval": r.length(&p.Notify.Interval),
			"repeat": r.length(&p.Notify.Repeat), "receivers": r.receivers(p), "dashboard": r.address(&p.Notify.Dashboard),
		}, "receivers")
		if p.Notify.Repeat > 0 && p.Notify.Repeat < p.Notify.Interval {
			r.fault(n.Get("repeat").Pos, "repeat %s is less than interval %s, at which alerts are looked at", p.Notify.Repeat,
				p.Notify.Interval)
		}
	}
}

func (r *reader) receivers(p *Policy) take {
	seen := unique{}
	return r.list("receivers", func(n *tree.Node) {
		var v Receiver
		r.object(n, "a receiver", map[string]take{
			"name": r.text(&v.Name), "webhook": r.secretAddress(&v.Webhook), "tenant": r.tenant(&v.Tenant),
			"alertmanagers": r.list("URLs", func(n *tree.Node) {
				var url string
				if r.address(&url)(n); url != "" {
					v.Alertmanagers = append(v.Alertmanagers, url)
				}
			}),
			"match": r.matchers(&v.Match), "bearer": r.secret(&v.Bearer), "user": r.text(&v.User),
			"password": r.secret(&v.Password), "headers": r.headers(&v),
		}, "name")
		if (n.Get("webhook") == nil) == (n.Get("alertmanagers") == nil) {
			r.fault(n.Pos, "a receiver needs either webhook or alertmanagers")
		}
		if (n.Get("user") == nil) != (n.Get("password") == nil) {
			r.fault(n.Pos, "user and password sign in together: give both or none")
		}
		if n.Get("user") != nil && n.Get("bearer") != nil {
			r.fault(n.Get("bearer").Pos, "sign in with bearer, or with user and password, not with both")
		}
		r.once(seen, n.Get("name"), "the receiver "+v.Name, v.Name)
		p.Notify.Receivers = append(p.Notify.Receivers, v)
	})
}

func (r *reader) matchers(into *labels.Matchers) take {
	return r.list(`matchers, such as severity="page"`, func(n *tree.Node) {
		text, _ := n.Text()
		m, err := labels.Parse(text)
		if err != nil {
			r.fault(n.Pos, "%s", err)
			return
		}
		*into = append(*into, m)
	})
}

// secret reads where a secret is: it has no place in a policy, which people show to each other.
func (r *reader) secret(into *Secret) take {
	return func(n *tree.Node) {
		if n.Kind != tree.Object {
			r.fault(n.Pos, "a secret is not written here: say where it is, as {file: PATH} or {env: NAME}")
			return
		}
		r.object(n, "a secret", map[string]take{"file": r.text(&into.File), "env": r.text(&into.Env)})
		if (n.Get("file") == nil) == (n.Get("env") == nil) {
			r.fault(n.Pos, "a secret is either in a file or in env")
		}
	}
}

// secretAddress reads a URL, or where it is: those of many webhooks are secrets.
func (r *reader) secretAddress(into *Secret) take {
	return func(n *tree.Node) {
		text, isText := n.Text()
		if !isText {
			r.secret(into)(n)
			return
		}
		if _, err := Address(text); err != nil {
			r.fault(n.Pos, "webhook %s", err)
			return
		}
		into.Text = text
	}
}

// Address reads the address of a webhook. Its error does not repeat it.
func Address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errNoAddress
	}
	return u, nil
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// headers reads what is sent beside a body: texts, or where they are.
func (r *reader) headers(v *Receiver) take {
	return func(n *tree.Node) {
		if n.Kind != tree.Object {
			r.fault(n.Pos, "want headers as name: value, not %s", n.What())
			return
		}
		v.Headers = map[string]Secret{}
		for _, f := range n.Fields {
			name := http.CanonicalHeaderKey(f.Key)
			switch {
			case !headerName.MatchString(f.Key):
				r.fault(f.Pos, "%q is no name of a header", f.Key)
			case name == "Content-Type" || name == "Content-Length" || name == "User-Agent" || name == "Host":
				r.fault(f.Pos, "header %s is not yours to set", name)
			case name == "Authorization":
				r.fault(f.Pos, "sign in with bearer, or with user and password")
			}
			var s Secret
			if text, ok := scalar(f.Value); ok {
				s.Text = text
			} else {
				r.secret(&s)(f.Value)
			}
			if strings.ContainsAny(s.Text, "\r\n\x00") {
				r.fault(f.Value.Pos, "a header is one line")
			}
			v.Headers[name] = s
		}
	}
}
