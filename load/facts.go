package load

import "net/http"

func (r *Result) facts(http.Header) {}
