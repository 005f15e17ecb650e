package http1

// Wire is the request as it is sent.
func (r *Request) Wire() []byte { return r.wire }
