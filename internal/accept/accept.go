// Package accept tells what a client takes, by the headers of its request.
package accept

import (
	"net/http"
	"strconv"
	"strings"
)

// Gzip tells whether who sends these headers takes an answer in gzip (RFC 9110, sections 12.4.2 and 12.5.3). The
// wildcard counts as no, as does a weight that can't be read: a plain answer is always right.
func Gzip(h http.Header) bool {
	for _, line := range h.Values("Accept-Encoding") {
		for member := range strings.SplitSeq(line, ",") {
			coding, parameters, _ := strings.Cut(member, ";")
			if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				return weight(parameters) > 0
			}
		}
	}
	return false
}

// weight reads the parameter q, from 0 to 1: 1 without it, 0 when it is neither.
func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
