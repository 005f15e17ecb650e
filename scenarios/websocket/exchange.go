package websocket

import (
	"strings"
	"unicode/utf8"

	"edgescope/internal/tree"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// wanting are the keys by which a step says that it waits for a message.
var wanting = []string{"capture", "match"}

func wants(n *tree.Node) bool {
	for _, key := range wanting {
		if n.Get(key) != nil {
			return true
		}
	}
	return false
}

// Send reads the step {send: message}. The message is whatever stands there, an object as JSON; beside capture or match
// it stands under payload. Without a payload nothing is sent: the step only waits.
func (r *Reader) Send(f tree.Field) *plan.Exchange {
	e := &plan.Exchange{Pos: f.Pos, Timeout: r.timeout(), Label: "send"}
	n := f.Value
	if !wants(n) {
		if n.Get("payload") != nil {
			r.Settings.Warn(n.Pos, "the whole object is sent, payload included: only beside capture or match is payload "+
				"the message (write send: and the message itself)")
		}
		r.payload(e, n)
		return e
	}
	known := r.answerKeys(e)
	known["payload"] = func(v *tree.Node) { r.payload(e, v) }
	r.Settings.Object(n, "send", known)
	switch payload := n.Get("payload"); {
	case payload == nil:
		e.Label = "wait"
	case payload.IsNull():
		r.payload(e, payload)
	}
	return e
}

// Wait reads the step {wait: {capture: ...}}.
func (r *Reader) Wait(f tree.Field) *plan.Exchange {
	e := &plan.Exchange{Pos: f.Pos, Timeout: r.timeout(), Label: "wait"}
	n := f.Value
	if n.Get("payload") != nil {
		r.Settings.Fault(n.Pos, "a wait sends nothing: a payload belongs to send")
		return e
	}
	r.Settings.Object(n, "wait", r.answerKeys(e))
	if n.IsNull() || n.Kind == tree.Object && !wants(n) {
		r.Settings.Fault(f.Pos, "wait needs capture or match: what is wanted of the message")
	}
	return e
}

// answerKeys are the keys beside a payload. A header is no part of a message.
func (r *Reader) answerKeys(e *plan.Exchange) map[string]func(*tree.Node) {
	known := r.Wants(e)
	for _, key := range wanting {
		read := known[key]
		known[key] = func(v *tree.Node) {
			for _, item := range r.Settings.List(v, key) {
				if header := item.Get("header"); header != nil {
					r.Settings.Fault(header.Pos, "a message has no header: json, regexp, selector and xpath look into it")
					return
				}
			}
			read(v)
		}
	}
	known["name"] = func(v *tree.Node) { e.Name, _ = r.Settings.Text(v, "name") }
	return known
}

// payload compiles a message.
func (r *Reader) payload(e *plan.Exchange, n *tree.Node) {
	v := r.Templates.Value(n)
	e.Label = "send " + shortened(value.Text(v.Source()))
	e.Render = func(dst []byte, s *value.Scope) []byte { return appendMessage(dst, &v, s) }
}

// appendMessage renders a message as Artillery does: a text as it is, what is not defined as an empty text, all else as
// JSON.
func appendMessage(dst []byte, payload *templates.Value, s *value.Scope) []byte {
	v, ok := payload.Eval(s)
	if !ok {
		return dst
	}
	if text, isText := v.(string); isText {
		return append(dst, text...)
	}
	return value.AppendJSON(dst, v)
}

// labelled is how many characters of a message name its step in reports.
const labelled = 40

func shortened(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= labelled {
		return text
	}
	return string([]rune(text)[:labelled]) + "…"
}
