package websocket

import (
	"slices"
	"strings"

	"edgescope/scenarios/address"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// render is the handshake of one user. The error is a [value.UserError].
func (c *connection) render(s *value.Scope, base string) (*plan.Handshake, error) {
	full := base
	if c.target != nil {
		full = c.target.Text(s)
	}
	if strings.HasPrefix(full, "/") {
		full = base + full
	}
	a, err := address.Socket(full)
	if err != nil {
		return nil, value.UserError(err.Error())
	}
	h := &plan.Handshake{URL: a.URL, Target: full}
	for _, name := range c.subprotocols {
		h.Subprotocols = append(h.Subprotocols, name.Text(s))
	}
	if a.Authorization != "" {
		setHeader(h, "Authorization", a.Authorization)
	}
	for i := range c.headers {
		addHeader(h, &c.headers[i], s)
	}
	return h, nil
}

// addHeader adds a header of the script. Subprotocols that are given as a header come after the others.
func addHeader(h *plan.Handshake, f *templates.Field, s *value.Scope) {
	name := f.Name.Text(s)
	lines := encode.Header(f.Value.Any(s))
	if !strings.EqualFold(name, "Sec-WebSocket-Protocol") {
		setHeader(h, name, lines...)
		return
	}
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			h.Subprotocols = append(h.Subprotocols, strings.TrimSpace(part))
		}
	}
}

// setHeader makes these the lines of a header, in place of those that it had.
func setHeader(h *plan.Handshake, name string, lines ...string) {
	h.Header = slices.DeleteFunc(h.Header, func(f plan.Field) bool { return strings.EqualFold(f.Name, name) })
	for _, line := range lines {
		h.Header = append(h.Header, plan.Field{Name: name, Value: line})
	}
}
