package waiting_test

import (
	"fmt"
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/store/embedded/waiting"
)

// attrs are n attributes whose names have that many bytes.
func attrs(n, bytes int, begin string) []edge.Attr {
	all := make([]edge.Attr, n)
	for i := range all {
		name := fmt.Sprintf("%s%d", begin, i)
		all[i] = edge.Attr{Key: name + strings.Repeat("x", bytes-len(name)), Value: "v"}
	}
	return all
}

// TestAttributesWithinTheLimitsAreTaken: a decoder that keeps to them has no event refused for its attributes.
func TestAttributesWithinTheLimitsAreTaken(t *testing.T) {
	f := func(what string, own, resource []edge.Attr, want string) {
		t.Helper()
		e := edge.Event{Kind: edge.KindSpan, Time: 1, Name: "n", Attrs: own, Resource: resource}
		err := waiting.Check(&e)
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", what, err, want)
		}
	}
	own, resource := attrs(waiting.MaxAttrs, waiting.MaxKey, "a"), attrs(waiting.MaxAttrs, waiting.MaxResourceKey, "r")
	f("as many as may be, with names as long", own, resource, "")
	same := attrs(waiting.MaxAttrs, waiting.MaxResourceKey, "a")
	differ := attrs(waiting.MaxAttrs, waiting.MaxResourceKey, "a")
	for i := range differ {
		differ[i].Value = "of the resource"
	}
	f("a resource whose names are taken", same, differ, "")
	f("a name that is too long", attrs(1, waiting.MaxKey+1, "a"), nil, "has 129 bytes: at most 128 are kept")
	f("a name of the resource that is too long", attrs(1, waiting.MaxKey, "a"),
		[]edge.Attr{{Key: attrs(1, waiting.MaxKey, "a")[0].Key, Value: "other"}}, "has 137 bytes")
	f("too many", attrs(2001, 10, "a"), nil, "at most 2000 are kept")
	f("too much", []edge.Attr{{Key: "k", Value: strings.Repeat("v", 3<<20)}}, nil, "bytes: at most")
}
