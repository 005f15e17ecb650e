package view

import (
	"cmp"
	"fmt"
	"strings"

	"edgescope/query"
	"edgescope/web/part"
)

// mostRefusals is how many refusals the notice lists; further ones are counted.
const mostRefusals = 20

// notice is what the page says of what the collector did not take.
type notice struct {
	// Text sums up, Rows are the reasons and senders, More is the text for those that are not listed.
	Text string
	Rows []refusal
	More string
}

// refusal is one line of the notice.
type refusal struct {
	Count, Reason, From, Example string
}

// noticeOf returns what to say of refusals: nothing where all was taken. Values that were changed are told beside, but
// are no reason for a notice of their own.
func noticeOf(p *part.Page) *notice {
	r := p.Refusals
	if r == nil || r.Requests+r.Records == 0 || len(r.Refusals) == 0 {
		return nil
	}
	var parts []string
	for _, c := range []struct {
		n    query.Num
		what string
	}{{r.Requests, query.RefusedRequest}, {r.Records, query.RefusedRecord}} {
		if c.n > 0 {
			parts = append(parts, counted(c.n, c.what))
		}
	}
	first := &r.Refusals[0]
	n := &notice{Text: fmt.Sprintf("%s in the %s, most often: %s, from %s.", strings.Join(parts, " and "),
		p.RangeText(), reasonText(first), first.Sender)}
	shown := r.Refusals[:min(len(r.Refusals), mostRefusals)]
	for i := range shown {
		x := &shown[i]
		n.Rows = append(n.Rows, refusal{
			Count: counted(x.Count, x.What), Reason: reasonText(x),
			From: x.Sender + ", last at " + part.Clock(x.Last) + " UTC", Example: example(x),
		})
	}
	if more := len(r.Refusals) - len(shown) + r.More; more > 0 {
		n.More = "and " + part.Integer(int64(more)) + " more reasons and senders"
	}
	return n
}

// counted writes a number of things that were refused.
func counted(n query.Num, what string) string {
	if n != 1 {
		what += "s"
	}
	return part.Integer(int64(n)) + " " + what
}

// reasons are the short names under which requests are refused, in words.
var reasons = map[string]string{
	"busy":            "more was in work than the collector takes at a time",
	"content_type":    "a content type of no door",
	"encoding":        "a compression that the collector does not read",
	"forbidden":       "the token does not allow it",
	"gone":            "the sender gave up",
	"internal":        "a failure of the collector",
	"malformed":       "the body can't be read",
	"method":          "another method than POST",
	"rate":            "faster than the tenant's rate",
	"timeout":         "it took too long",
	"too_large":       "larger than the limit",
	"unauthenticated": "no valid token",
	"unavailable":     "the collector could not store it then",
	"unsupported":     "nothing that the collector takes",
}

// reasonText is why something was refused, in words.
func reasonText(r *query.Refusal) string {
	if r.What != query.RefusedRequest {
		return r.Reason
	}
	return cmp.Or(reasons[r.Reason], r.Reason)
}

// example is what a sender was told, unless that is what the reason says already.
func example(r *query.Refusal) string {
	if r.Example == r.Reason {
		return ""
	}
	return r.Example
}
