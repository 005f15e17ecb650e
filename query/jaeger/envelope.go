package jaeger

import (
	"encoding/json"
	"io"
)

// envelope is what every answer of version 1 of the API is in, but metrics. Total is the number of services and
// operations, 0 for all else.
type envelope struct {
	Data   any       `json:"data"`
	Total  int       `json:"total"`
	Limit  int       `json:"limit"`
	Offset int       `json:"offset"`
	Errors []failure `json:"errors"`
}

// failure is an error of version 1.
type failure struct {
	Code int    `json:"code"`
	Msg  string `json:"msg"`
}

// failure3 is the answer of version 3 to what it does not answer.
type failure3 struct {
	Error failed3 `json:"error"`
}

type failed3 struct {
	HTTPCode int    `json:"httpCode"`
	Message  string `json:"message"`
}

// jsonTo writes a value as it is: a < in a name is no \u003c.
func jsonTo(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
