package plan

import (
	"net/url"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/value"
)

// WebSockets are the settings that concern all WebSockets of a script.
type WebSockets struct {
	Insecure bool     // do not verify certificates; else TLS says
	Proxy    *url.URL // http, socks5 or socks5h; nil: that of all other connections
}

// Connect opens the WebSocket of a user whose scenario has `engine: ws`. It is the first step of such a scenario, and
// only there. Its functions are safe for concurrent use; errors of them that end the user are a [value.UserError].
type Connect struct {
	Pos tree.Position
	// Endpoint labels the connection in reports: the path of its URL as the script spells it.
	Endpoint string
	Timeout  time.Duration // to the answer of the handshake; always > 0
	// MaxMessage is the most bytes that a message which is read may have; always > 0.
	MaxMessage int64
	Deflate    bool // permessage-deflate is offered (RFC 7692)
	// Keep says that a later step waits for a message without sending one: messages that come before it are kept for it.
	Keep bool
	// Function is a function of the processor that may change the handshake; "" for none. Script is a handshake as it sees
	// it, as JSON, and Changed the handshake with what it has left of that. The error of Changed is a [value.UserError].
	Function string
	Script   func(*Handshake) []byte
	Changed  func(members []value.Member) (*Handshake, error)
	// Render is the handshake of one user. base is the plan's target, or that of the user's region; a URL that begins with
	// "/" is appended to it.
	Render func(s *value.Scope, base string) (*Handshake, error)
}

// Handshake is what a user asks for as it connects.
type Handshake struct {
	URL          string   // absolute; ws or wss, without user and password
	Target       string   // the same as the script has it
	Header       []Field  // script order; a header of several lines is there several times
	Subprotocols []string // in the order of preference
}

// Exchange sends a message over the user's WebSocket, or waits for one, or both. Its functions are safe for concurrent
// use.
type Exchange struct {
	Pos  tree.Position
	Name string // "" if the script gives none
	// Label is how reports call the step, as far as it has no name: "send hello {{ name }}", "wait".
	Label string
	// Render appends the message to dst; nil: nothing is sent.
	Render func(dst []byte, s *value.Scope) []byte
	// Capture stores what the script captures of the message that is waited for; nil: none is. If a strict capture or
	// match fails, nothing is stored and the error is [ErrCapture]: the user ends there.
	Capture func(*value.Scope, *Response) error
	Timeout time.Duration // of sending, and of waiting for the message; always > 0
}

// Waits tells whether the step waits for a message.
func (e *Exchange) Waits() bool { return e.Capture != nil }

func (*Connect) step()  {}
func (*Exchange) step() {}
