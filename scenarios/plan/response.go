package plan

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"edgescope/scenarios/value"
)

// Response is the answer to a request, as captures and expectations see it. Body is decoded (no content-encoding). The
// JSON in it is parsed at most once, so a Response is passed by pointer and belongs to one goroutine.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// CacheStatus is what the headers say of the cache, in the words of the cacheStatus expectation; "" if they say
	// nothing.
	CacheStatus string

	parsed bool
	isJSON bool
	value  any
}

// JSON returns the body as a script value, false if it is no JSON.
func (r *Response) JSON() (any, bool) {
	if !r.parsed {
		v, err := value.Parse(r.Body)
		r.value, r.isJSON, r.parsed = v, err == nil, true
	}
	return r.value, r.isJSON
}

// Head returns the values of a header, joined by ", ", and whether there is one. The name's case does not matter.
func (r *Response) Head(name string) (string, bool) {
	values := r.Header.Values(name)
	return strings.Join(values, ", "), len(values) > 0
}

// Script is the answer without its body as a function sees it, as JSON: statusCode and headers (lower case).
func (r *Response) Script() []byte {
	headers := &value.Object{}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		values := r.Header[name]
		if strings.EqualFold(name, "Set-Cookie") { // node has a list of these alone
			list := make([]any, len(values))
			for i, v := range values {
				list[i] = v
			}
			headers.Put("set-cookie", list)
			continue
		}
		headers.Put(strings.ToLower(name), strings.Join(values, ", "))
	}
	return value.AppendJSON(nil, value.NewObject([]value.Member{
		{Key: "statusCode", Value: value.Int(r.Status)},
		{Key: "headers", Value: headers},
	}))
}
