package alert

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"edgescope/alert/deliver"
	"edgescope/policy"
)

// What a policy that does not say it gets: the defaults of Alertmanager.
const (
	defaultWait     = 30 * time.Second
	defaultInterval = 5 * time.Minute
	defaultRepeat   = 4 * time.Hour
)

// receiversOf are the receivers of a policy.
func receiversOf(n policy.Notify, getenv func(string) string) []deliver.Receiver {
	all := make([]deliver.Receiver, len(n.Receivers))
	for i := range n.Receivers {
		r := &n.Receivers[i]
		all[i] = deliver.Receiver{
			Name: r.Name, Tenant: r.Tenant, Match: r.Match, Webhook: len(r.Alertmanagers) == 0,
			Wait: cmp.Or(n.Wait, defaultWait), Interval: max(cmp.Or(n.Interval, defaultInterval), time.Second),
			Repeat: max(cmp.Or(n.Repeat, defaultRepeat), time.Second), ExternalURL: n.Dashboard,
		}
		said := *r
		said.Match = nil // as text
		all[i].Version = fmt.Sprint(said, r.Match, n.Wait, n.Interval, n.Repeat, n.Dashboard)
		for _, base := range r.Alertmanagers {
			at := policy.Secret{Text: strings.TrimSuffix(base, "/") + "/api/v2/alerts"}
			all[i].Addresses = append(all[i].Addresses, addressOf(r, at, getenv))
		}
		if all[i].Webhook {
			all[i].Addresses = []deliver.Address{addressOf(r, r.Webhook, getenv)}
		}
	}
	return all
}

// addressOf reads secrets each time that they are used. What it shows has none.
func addressOf(r *policy.Receiver, at policy.Secret, getenv func(string) string) deliver.Address {
	return deliver.Address{
		Shown: shown(at),
		Request: func() (string, http.Header, error) {
			text, err := at.Read(getenv)
			if err != nil {
				return "", nil, err //nolint:wrapcheck // it says what it read
			}
			if _, err := policy.Address(text); err != nil {
				return "", nil, fmt.Errorf("the address %w", err)
			}
			header, err := headerOf(r, getenv)
			return text, header, err
		},
	}
}

// shown is the part of an address that is no secret.
func shown(at policy.Secret) string {
	switch {
	case at.File != "":
		return "the address in " + at.File
	case at.Env != "":
		return "the address in $" + at.Env
	}
	u, err := url.Parse(at.Text)
	if err != nil {
		return "an address that is no URL"
	}
	return u.Scheme + "://" + u.Host
}

func headerOf(r *policy.Receiver, getenv func(string) string) (http.Header, error) {
	header := http.Header{}
	for name, secret := range r.Headers {
		text, err := secret.Read(getenv)
		if err != nil {
			return nil, err //nolint:wrapcheck // it says what it read
		}
		header.Set(name, text)
	}
	for scheme, secret := range map[string]policy.Secret{"Bearer": r.Bearer, "Basic": r.Password} {
		if secret.IsZero() {
			continue
		}
		text, err := secret.Read(getenv)
		if err != nil {
			return nil, err //nolint:wrapcheck // it says what it read
		}
		if scheme == "Basic" {
			text = base64.StdEncoding.EncodeToString([]byte(r.User + ":" + text))
		}
		header.Set("Authorization", scheme+" "+text)
	}
	return header, nil
}
