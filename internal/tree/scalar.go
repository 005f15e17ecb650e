package tree

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Plain YAML scalars mean here what js-yaml 3 makes of them, since that is what Artillery reads scripts with: "yes" and
// "on" are text, 010 is 8, 1_000 is 1000, 1:30 is 90, and a date is its moment in UTC.

var (
	plainInt      = regexp.MustCompile(`^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)$`)
	plainFloat    = regexp.MustCompile(`^[-+]?((0|[1-9][0-9_]*)(\.[0-9_]*)?|\.[0-9_]*[0-9][0-9_]*)([eE][-+]?[0-9]+)?$`)
	plainSixty    = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`)
	plainDate     = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	plainDateTime = regexp.MustCompile(`^\d{4}-\d\d?-\d\d?([Tt]|[ \t]+)\d\d?:\d\d:\d\d(\.\d*)?` +
		`([ \t]*(Z|[-+]\d\d?(:\d\d)?))?$`)
)

// plainScalar resolves a scalar that was written without quotes.
func plainScalar(s string) any {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	}
	if !strings.ContainsAny(s[:1], "+-.0123456789") {
		return s
	}
	switch {
	case plainInt.MatchString(s):
		return plainInteger(s)
	case plainFloat.MatchString(s):
		return plainFraction(s)
	case plainSixty.MatchString(s):
		return base60(s)
	case plainDate.MatchString(s), plainDateTime.MatchString(s):
		if t, ok := moment(s); ok {
			return t
		}
	}
	return s
}

// plainInteger keeps the digits of a decimal number, however many they are.
func plainInteger(s string) any {
	s = strings.ReplaceAll(s, "_", "")
	sign := ""
	if s[0] == '-' || s[0] == '+' {
		sign, s = strings.TrimPrefix(s[:1], "+"), s[1:]
	}
	base := 10
	switch {
	case strings.HasPrefix(s, "0b"):
		s, base = s[2:], 2
	case strings.HasPrefix(s, "0x"):
		s, base = s[2:], 16
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	n, ok := new(big.Int).SetString(s, base)
	if !ok { // only underscores after the prefix
		return sign + s
	}
	if n.Sign() == 0 {
		sign = ""
	}
	return json.Number(sign + n.String())
}

// plainFraction keeps the text of a number that JSON would write alike.
func plainFraction(s string) any {
	s = strings.ReplaceAll(s, "_", "")
	if json.Valid([]byte(s)) {
		return json.Number(s)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return f
}

func base60(s string) any {
	s = strings.ReplaceAll(s, "_", "")
	sign := 1.0
	if s[0] == '-' || s[0] == '+' {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	total := 0.0
	for part := range strings.SplitSeq(s, ":") {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return s
		}
		total = total*60 + f
	}
	return sign * total
}

// moment writes a YAML timestamp as JavaScript's Date does in JSON.
func moment(s string) (string, bool) {
	for _, layout := range []string{
		"2006-01-02", "2006-1-2T15:4:5Z07:00", "2006-1-2T15:4:5",
		"2006-1-2 15:4:5Z07:00", "2006-1-2 15:4:5 Z07:00", "2006-1-2 15:4:5",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format("2006-01-02T15:04:05.000Z"), true
		}
	}
	return "", false
}
