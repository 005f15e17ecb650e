package policy

import (
	"time"

	"edgescope/internal/tree"
)

// Notify says who is told of alerts, and when.
type Notify struct {
	// Wait is how long the first alert of a group waits for others, Interval how long further ones of it wait, and Repeat
	// after how long what still fires is told again; 0 was not said.
	Wait, Interval, Repeat time.Duration
	Receivers              []Receiver
}

// Receiver is somebody who is told.
type Receiver struct {
	Name string
	// Alertmanagers are base URLs of Alertmanagers; all of them get every alert. Webhook is where notifications are posted
	// as Alertmanager posts them. One of both is there.
	Alertmanagers []string
	Webhook       string
	Tenant        string
}

func (r *reader) notify(p *Policy) take {
	return func(n *tree.Node) {
		r.object(n, "notify", map[string]take{
			"wait": r.length(&p.Notify.Wait), "interval": r.length(&p.Notify.Interval),
			"repeat": r.length(&p.Notify.Repeat), "receivers": r.receivers(p),
		}, "receivers")
	}
}

func (r *reader) receivers(p *Policy) take {
	seen := unique{}
	return r.list("receivers", func(n *tree.Node) {
		var v Receiver
		r.object(n, "a receiver", map[string]take{
			"name": r.text(&v.Name), "webhook": r.address(&v.Webhook), "tenant": r.tenant(&v.Tenant),
			"alertmanagers": r.list("URLs", func(n *tree.Node) {
				var url string
				if r.address(&url)(n); url != "" {
					v.Alertmanagers = append(v.Alertmanagers, url)
				}
			}),
		}, "name")
		if (n.Get("webhook") == nil) == (n.Get("alertmanagers") == nil) {
			r.fault(n.Pos, "a receiver needs either webhook or alertmanagers")
		}
		r.once(seen, n.Get("name"), "the receiver "+v.Name, v.Name)
		p.Notify.Receivers = append(p.Notify.Receivers, v)
	})
}
