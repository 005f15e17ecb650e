package refusals

import (
	"cmp"
	"net/http"
	"net/netip"
	"strings"
	"unicode"

	"edgescope/edge"
)

// series is the total of a pair. What belongs to nobody is stored with tenant 0: the sender's name tells it from what
// is that tenant's own.
func (p *pair) series(collector string) edge.Series {
	labels := []edge.Attr{{Key: edge.LabelName, Value: p.what}}
	if collector != "" {
		labels = append(labels, edge.Attr{Key: edge.LabelCollector, Value: collector})
	}
	return edge.Series{Labels: append(labels, edge.Attr{Key: edge.LabelReason, Value: p.reason},
		edge.Attr{Key: edge.LabelSender, Value: p.name()})}
}

// name returns the sender as it is shown.
func (p *pair) name() string {
	if p.known {
		return p.sender
	}
	return p.sender + unknown
}

// unknown ends the name of a sender who is nobody's.
const unknown = ", not signed in"

// service returns the service that the events of a batch are of, by the first that names one.
func service(b *edge.Batch) string {
	for i := range b.Events {
		e := &b.Events[i]
		if e.Facts.Service != "" {
			return e.Facts.Service
		}
		if name := e.ResourceAttr(edge.KeyServiceName); name != "" {
			return name
		}
	}
	return ""
}

// address names who sent a request: the first word of its user agent, without the version, and where it came from.
func address(req *http.Request) string {
	agent, _, _ := strings.Cut(req.UserAgent(), " ")
	agent, _, _ = strings.Cut(agent, "/")
	if agent = plain(agent, mostName/2); agent == "" {
		agent = "somebody"
	}
	return agent + " at " + network(req.RemoteAddr)
}

// network returns an address without its port; of IPv6 the network of 64 bits, of which one sender has all addresses.
func network(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return "an unknown address"
	}
	addr := at.Addr().Unmap().WithZone("")
	if !addr.Is6() || addr.IsLoopback() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return prefix.String()
}

// mostWords is how many words of a message make its reason.
const mostWords = 9

// class makes a reason of a message: its first words up to a colon or a parenthesis, with a mark for the values among
// them. Messages name values, and values are without bound.
func class(message string) string {
	if end := strings.IndexAny(message, ":;({["); end > 0 {
		message = message[:end]
	}
	var words []string
	for word := range strings.FieldsSeq(message) {
		if strings.ContainsAny(word, "0123456789\"'`=/\\") {
			word = "…"
		}
		if len(words) == mostWords {
			break
		}
		words = append(words, word)
	}
	return cmp.Or(strings.Trim(strings.Join(words, " "), " ,.-"), "other")
}

// plain makes a text that can be shown and be a label: valid, on one line and of at most that many bytes.
func plain(s string, most int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, s)
	s = strings.TrimSpace(s)
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most-len("…")], "") + "…"
}
