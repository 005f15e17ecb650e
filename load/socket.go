package load

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"edgescope/load/errname"
	"edgescope/load/network"
	"edgescope/load/spans"
	"edgescope/load/websocket"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/value"
)

// goodbye is for how long the end of a user's WebSocket may take.
const goodbye = time.Second

// socket is a user's WebSocket.
type socket struct {
	*websocket.Conn
	url  string
	over *network.Connection
	text []byte // memory for messages
}

// begin tells when the user's next request should start, and when it does.
func (u *user) begin() (intended, begun time.Time) {
	intended, begun = u.intended, time.Now()
	u.intended = time.Time{}
	if intended.IsZero() {
		intended = begun
	}
	return intended, begun
}

// connect opens the user's WebSocket.
func (u *user) connect(ctx context.Context, step *plan.Connect) error {
	h, err := step.Render(u.scope, u.target)
	if err != nil {
		return err
	}
	if h, err = u.beforeConnect(step, h); err != nil {
		return err
	}
	intended, begun := u.begin()
	request, err := u.handshake(step, h, begun)
	if err != nil {
		return err
	}
	r := u.steps[step].result(intended)
	r.Kind, r.Scenario, r.Endpoint, r.Region, r.Final = KindConnect, u.flow, step.Endpoint, u.region, true
	r.Method, r.URL = http.MethodGet, h.URL
	span := u.startHandshakeSpan(r, request)
	conn, o, err := websocket.Open(ctx, request)
	r.opened(o, intended, begun)
	if conn != nil {
		u.socket = &socket{Conn: conn, url: h.URL, over: r.Connection}
	}
	return u.settle(ctx, r, span, begun, err)
}

// beforeConnect calls the function that may change the handshake. Its time is in no latency.
func (u *user) beforeConnect(step *plan.Connect, h *plan.Handshake) (*plan.Handshake, error) {
	if step.Function == "" {
		return h, nil
	}
	c := &processor.Call{Functions: []string{step.Function}, Signature: processor.Connect, Request: step.Script(h)}
	if err := u.call(c); err != nil || c.Changed == nil {
		return h, err
	}
	return step.Changed(membersOf(c.Changed))
}

// handshake is what a user asks for, as it is sent.
func (u *user) handshake(step *plan.Connect, h *plan.Handshake, begun time.Time) (*websocket.Request, error) {
	target, err := url.Parse("http" + strings.TrimPrefix(h.URL, "ws"))
	if err != nil {
		return nil, value.UserError("ERR_INVALID_URL")
	}
	header, err := headerOf(h)
	if err != nil {
		return nil, value.UserError(err.Error())
	}
	if header["User-Agent"] == nil {
		header.Set("User-Agent", u.options.UserAgent)
	}
	return &websocket.Request{
		URL: target, Header: header, Subprotocols: h.Subprotocols, Deflate: step.Deflate, Begun: begun,
		Timeout: step.Timeout, Open: u.sockets.Opener(), MaxMessage: step.MaxMessage, Keep: step.Keep,
	}, nil
}

// headerOf is what a handshake's header holds beside that of every handshake. The errors are Node's.
func headerOf(h *plan.Handshake) (http.Header, error) {
	header := http.Header{}
	for _, f := range h.Header {
		if err := encode.Name(f.Name); err != nil {
			return nil, err
		}
		line, err := encode.Line(f.Value)
		if err != nil {
			return nil, err
		}
		header.Add(f.Name, line)
	}
	for _, name := range h.Subprotocols {
		if _, err := encode.Line(name); err != nil {
			return nil, err
		}
	}
	return header, nil
}

// opened takes over what a handshake was.
func (r *Result) opened(o *websocket.Opening, intended, begun time.Time) {
	if o.First == 0 {
		o.First = o.End
	}
	if o.Below != nil {
		r.Timing, r.Connection = network.Opened(o.Below)
		r.Sent = begun.Add(o.Sent)
		r.ConnWait = max(o.Sent-r.DNS-r.TCP-r.TLS, 0)
	}
	r.Lag = begun.Sub(intended)
	r.TTFB, r.Download = o.First-o.Sent, o.End-o.First
	r.Waited = max(o.First-max(o.Wrote, o.Sent), 0)
	r.Code = uint16(o.Status)
	f := readFacts(o.Header)
	r.take(&f)
}

// exchange sends a message, or waits for one, or both.
func (u *user) exchange(ctx context.Context, step *plan.Exchange) error {
	intended, begun := u.begin()
	err := u.say(step) //nolint:contextcheck // the WebSocket ends with the context that it was opened with
	sent := time.Now()
	if err == nil && !step.Waits() {
		return nil
	}
	r := u.steps[step].result(intended)
	r.Kind, r.Scenario, r.Endpoint, r.Name, r.Region = KindMessage, u.flow, stepName(step), step.Name, u.region
	r.Method, r.URL, r.Final, r.Reused, r.Connection = http.MethodGet, u.socket.url, true, true, u.socket.over
	r.Lag, r.Sent, r.BytesOut = begun.Sub(intended), begun, uint64(len(u.socket.text))
	span := u.startMessageSpan(r, begun)
	var m websocket.Message
	if err == nil {
		m, err = u.socket.Receive(ctx, step.Timeout-sent.Sub(begun))
	}
	if err != nil {
		m.Last = time.Now()
		m.First = m.Last
		return u.settle(ctx, r.received(&m, begun, sent), span, begun, err)
	}
	r.Code = http.StatusSwitchingProtocols
	u.count("websocket.messages_received")
	r.BytesIn, r.Decoded = uint64(len(m.Body)), int64(len(m.Body))
	if len(m.Body) == 0 {
		err = websocket.ErrEmpty
	}
	if failed := u.settle(ctx, r.received(&m, begun, sent), span, begun, err); failed != nil {
		return failed
	}
	u.response = plan.Response{Status: int(r.Code), Body: m.Body}
	return step.Capture(u.scope, &u.response)
}

// say sends the message of a step, if it has one.
func (u *user) say(step *plan.Exchange) error {
	s := u.socket
	if step.Render == nil {
		s.text = s.text[:0]
		return nil
	}
	s.text = step.Render(s.text[:0], u.scope)
	err := s.Send(s.text, step.Waits(), step.Timeout)
	if err == nil {
		u.count("websocket.messages_sent")
	}
	return err
}

// received divides the time of an exchange. A message that came before anybody waited for it took no time.
func (r *Result) received(m *websocket.Message, begun, sent time.Time) *Result {
	r.TTFB = max(m.First.Sub(begun), 0)
	r.Download = max(m.Last.Sub(begun)-r.TTFB, 0)
	r.Waited = max(m.First.Sub(sent), 0)
	return r
}

// settle hands the result of a WebSocket over, and tells what ends the user.
func (u *user) settle(ctx context.Context, r *Result, span *spans.Span, begun time.Time, err error) error {
	r.Latency = r.Response()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		r.Cut, r.Error = true, "interrupted"
	default:
		r.Failure = errname.Of(err)
		r.Error = r.Failure
		err = value.UserError(r.Failure)
	}
	endSpan(span, r, begun.Add(r.Latency-r.Lag))
	u.emit(r)
	return err
}

// count adds one to a counter of Artillery's.
func (u *user) count(name string) { u.countSome(name, 1) }

func (u *user) countSome(name string, n int64) {
	if n > 0 && !u.silent {
		m := processor.Metric{Kind: processor.Counter, Name: name, Value: float64(n)}
		u.events.Put(&Metric{At: time.Now(), Metric: m})
	}
}

// closeSocket ends the user's WebSocket.
func (u *user) closeSocket(ctx context.Context) {
	if u.socket == nil {
		return
	}
	patience := goodbye
	if ctx.Err() != nil {
		patience = 0
	}
	u.socket.Close(patience)
	u.countSome("edgescope.websocket.messages_ignored", u.socket.Ignored())
}
