package websocket

import (
	"strings"

	"edgescope/scenarios/address"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/value"
)

// script is a handshake as connect.function sees it: the arguments with which Artillery makes a WebSocket.
func script(h *plan.Handshake) []byte {
	subprotocols := make([]any, len(h.Subprotocols))
	for i, name := range h.Subprotocols {
		subprotocols[i] = name
	}
	headers := &value.Object{}
	for _, f := range h.Header {
		headers.Put(f.Name, f.Value)
	}
	return value.AppendJSON(nil, value.NewObject([]value.Member{
		{Key: "options", Value: value.NewObject([]value.Member{{Key: "headers", Value: headers}})},
		{Key: "subprotocols", Value: subprotocols},
		{Key: "target", Value: h.Target},
	}))
}

// refused is the error of a user whose function has set what has no effect here.
func refused(what string) error {
	return value.UserError("connect.function changed " + what + ", which is not supported")
}

// changed is the handshake that a function has made of its arguments: target, subprotocols and options.headers.
func changed(members []value.Member) (*plan.Handshake, error) {
	h := &plan.Handshake{}
	for _, m := range members {
		switch m.Key {
		case "target":
			a, err := address.Socket(value.Text(m.Value))
			if err != nil {
				return nil, value.UserError(err.Error())
			}
			if h.URL = a.URL; a.Authorization != "" {
				setHeader(h, "Authorization", a.Authorization)
			}
		case "subprotocols":
			for _, name := range encode.Header(m.Value) {
				h.Subprotocols = append(h.Subprotocols, strings.TrimSpace(name))
			}
		case "options":
			if err := changedOptions(h, m.Value); err != nil {
				return nil, err
			}
		default:
			return nil, refused("another argument than options, subprotocols and target")
		}
	}
	if h.URL == "" {
		return nil, value.UserError("ERR_INVALID_URL")
	}
	return h, nil
}

func changedOptions(h *plan.Handshake, options any) error {
	o, ok := options.(*value.Object)
	if !ok {
		return refused("options to what is no object")
	}
	for _, m := range o.Members() {
		headers, isObject := m.Value.(*value.Object)
		if m.Key != "headers" || !isObject {
			return refused("another option than headers")
		}
		for _, f := range headers.Members() {
			setHeader(h, f.Key, encode.Header(f.Value)...)
		}
	}
	return nil
}
