package load

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"edgescope/load/errname"
	"edgescope/load/network"
	"edgescope/load/redirect"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

// request sends a request of the flow, follows its redirects, and captures and judges the last answer.
func (u *user) request(ctx context.Context, req *plan.Request) error {
	if send, err := u.wanted(req); !send || err != nil {
		return err
	}
	written, err := u.beforeRequest(req)
	if err != nil {
		return err
	}
	u.written = written
	intended, begun := u.begin()
	if err := written.Render(u.scope, u.target, &u.message); err != nil {
		return err
	}
	var script []byte
	if len(req.AfterResponse) > 0 {
		script = written.Sent(&u.message)
	}
	hop, err := u.firstHop(req)
	if err != nil {
		return err
	}
	for followed := 0; ; followed++ {
		x := u.send(ctx, req, hop, exchange{intended: intended, begun: begun, script: script})
		next := u.redirect(hop, x, followed)
		if next == nil {
			return u.finish(req, x)
		}
		x.result.Final = false
		u.emit(x.result)
		hop = next
		begun = time.Now()
		intended = begun
	}
}

// hop is one request on the way to the answer.
type hop struct {
	method   string
	url      *url.URL
	text     string // of url
	header   http.Header
	body     []byte
	prepared *prepared // nil after a redirect
}

// exchange is a request that was sent, with its times and what came of it.
type exchange struct {
	intended, begun time.Time
	script          []byte // what was sent, for functions that look at the answer
	answer          *network.Answer
	result          *Result
	err             error
}

func (u *user) firstHop(req *plan.Request) (*hop, error) {
	p, err := u.prepare(req, u.steps[req])
	if err != nil {
		return nil, err
	}
	m := &u.message
	// A transport may still be writing a body when its request is over (an early answer, a timeout), and Render writes
	// over it.
	body := bytes.Clone(m.Body)
	u.hop = hop{method: m.Method, url: p.url, text: p.text, header: p.header, body: body, prepared: p}
	return &u.hop, u.keepCookies(p.url, m.Cookies)
}

// send sends one hop and makes its result. The exchange is the user's, until it sends the next.
func (u *user) send(ctx context.Context, req *plan.Request, h *hop, begin exchange) *exchange {
	x := &u.sent
	*x = begin
	sequence := u.steps[req]
	r := sequence.result(x.intended)
	r.Scenario, r.Endpoint, r.Name, r.Region, r.Final = u.flow, req.Endpoint, req.Name, u.region, true
	r.Method, r.URL, r.BytesOut = h.method, h.text, uint64(len(h.body))
	c := u.callOf(req, h, sequence)
	c.Begun = x.begun
	span := u.startSpan(req, h, c)
	u.away(func() { x.answer, x.err = u.engine.Do(ctx, c) })
	r.read(x, sequence)
	r.Cut = x.err != nil && ctx.Err() != nil
	if x.err != nil && !r.Cut {
		r.fail(x.err, h.url)
	}
	if r.Cut {
		r.Error = "interrupted"
	}
	if x.answer.Header != nil {
		r.BadCookies = u.readCookies(h.url, x.answer.Header)
	}
	x.result = r
	endSpan(span, r, x.answer.End)
	return x
}

// fail notes the error of a request to target.
func (r *Result) fail(err error, target *url.URL) {
	r.Failure = errname.Of(err)
	r.Error = r.Failure
	r.Fault = &Fault{From: network.From(err, target), Text: printable(err.Error())}
}

// printable is a text as a terminal or a log may have it.
func printable(s string) string {
	if len(s) > 200 {
		s = s[:200]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// callOf fills the user's call with a hop.
func (u *user) callOf(req *plan.Request, h *hop, s *sequence) *network.Call {
	c := &u.out
	*c = network.Call{
		Method: h.method, URL: h.url, Header: h.header, Body: h.body, Timeout: u.written.Timeout, Keep: req.NeedsBody,
	}
	if s != nil {
		c.Memo = &s.memo
	}
	if u.sendsCookies() {
		c.Header = u.withCookies(h)
	} else if h.body == nil && h.prepared != nil {
		c.Rendered = &h.prepared.wire
	}
	return c
}

// read takes over what the answer says.
func (r *Result) read(x *exchange, s *sequence) {
	a := x.answer
	r.Timing, r.Connection = a.Timing, a.Conn
	r.Lag = x.begun.Sub(x.intended)
	r.Code = uint16(a.Status)
	r.BytesIn, r.Decoded = uint64(a.Received), a.Decoded
	r.Latency = max(a.End.Sub(x.intended), 0)
	r.take(s.factsOf(a))
}

// redirect is the hop to which an answer sends the request on to, nil if it does not. A redirect that cannot be followed
// becomes the exchange's error.
func (u *user) redirect(h *hop, x *exchange, followed int) *hop {
	if x.err != nil || !u.written.FollowRedirect {
		return nil
	}
	sent := redirect.Request{Method: h.method, URL: h.url, Header: h.header, Body: h.body}
	next, err := sent.Follow(x.answer.Status, x.answer.Header.Get("Location"), u.plan.HTTP.Credentials)
	switch {
	case err != nil:
		x.err = err
		return nil
	case next == nil:
		return nil
	case followed == u.written.MaxRedirects:
		x.err = redirect.ErrTooMany
		return nil
	}
	return &hop{method: next.Method, url: next.URL, text: next.URL.String(), header: next.Header, body: next.Body}
}

// finish captures from and judges the final answer, hands the result over and tells what ends the user.
func (u *user) finish(req *plan.Request, x *exchange) error {
	r := x.result
	if x.err != nil && r.Failure == "" && !r.Cut { // a redirect that leads nowhere
		r.fail(x.err, u.out.URL)
	}
	if x.err != nil {
		u.emit(r)
		if r.Cut {
			return x.err
		}
		return value.UserError(r.Failure)
	}
	response := &u.response
	*response = plan.Response{
		Status: x.answer.Status, Header: x.answer.Header, Body: x.answer.Body, CacheStatus: r.CacheStatus,
	}
	err := req.Capture(u.scope, response)
	u.captured = err == nil
	if failed := u.judge(req, r, response); err == nil {
		err = failed
	}
	u.emit(r)
	if failed := u.afterResponse(req, x.script, response); failed != nil { // asked though a capture failed, as in Artillery
		return failed
	}
	return err
}

// judge holds the answer against the expectations. A failed one is no error unless the script says so.
func (u *user) judge(req *plan.Request, r *Result, response *plan.Response) error {
	if u.silent {
		return nil
	}
	r.Outcomes = req.Judge(nil, u.scope, response)
	for _, o := range r.Outcomes {
		if o.OK {
			continue
		}
		if r.Error == "" {
			r.Error = fmt.Sprintf("expectation failed: %s: want %s, got %s", o.Type, o.Want, o.Got)
		}
		if u.plan.Expect.FailuresAsErrors {
			r.Endpoint = "" // Artillery counts no endpoint metric for a request that fails this way
			return u.expectationError(req, r)
		}
	}
	return nil
}

func (u *user) expectationError(req *plan.Request, r *Result) error {
	name := r.URL
	if u.plan.Expect.UseOnlyRequestNames && req.Name != "" {
		name = req.Name
	}
	return value.UserError("Failed expectations for request " + name)
}

func (u *user) emit(r *Result) {
	if !u.silent {
		u.events.Put(r)
	}
}
