package cookies

import (
	"strconv"
	"strings"
	"time"
)

// parse reads a Set-Cookie line (RFC 6265, section 5.2). Without a name it is no cookie, unless loose.
func parse(line string, loose bool, now time.Time) (*cookie, bool) {
	pair, attributes, _ := strings.Cut(strings.TrimSpace(line), ";")
	c, ok := parsePair(pair, loose)
	if !ok {
		return nil, false
	}
	maxAge := false
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, text, _ := strings.Cut(attribute, "=")
		key, text = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(text)
		if key == "max-age" {
			maxAge = c.setMaxAge(text, now) || maxAge
		} else if key != "expires" || !maxAge {
			c.set(key, text)
		}
	}
	return c, true
}

// parsePair reads name=value. What follows a line end does not count.
func parsePair(pair string, loose bool) (*cookie, bool) {
	if end := strings.IndexAny(pair, "\n\r\x00"); end >= 0 {
		pair = pair[:end]
	}
	if loose {
		pair = strings.TrimPrefix(pair, "=")
	}
	c := &cookie{}
	name, text, ok := strings.Cut(pair, "=")
	switch {
	case ok && name != "":
		c.name, c.value = strings.TrimSpace(name), strings.TrimSpace(text)
	case loose:
		c.value = strings.TrimSpace(pair)
	default:
		return nil, false
	}
	return c, !hasControl(c.name) && !hasControl(c.value)
}

func hasControl(s string) bool { return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) }

// set reads an attribute other than Max-Age. What it cannot read is as if it were not there; SameSite and HttpOnly mean
// nothing to a user who follows no links and runs no scripts.
func (c *cookie) set(key, text string) {
	switch key {
	case "expires":
		if at, ok := parseDate(text); ok {
			c.expires = at
		}
	case "domain":
		if text = strings.ToLower(strings.TrimPrefix(text, ".")); text != "" {
			c.domain = text
		}
	case "path":
		if c.path = ""; strings.HasPrefix(text, "/") {
			c.path = text
		}
	case "secure":
		c.secure = true
	}
}

// setMaxAge reads Max-Age, which Expires does not change, before it or behind it.
func (c *cookie) setMaxAge(text string, now time.Time) bool {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	const never = 1 << 33 // seconds, far beyond any run
	switch {
	case text[0] == '-' || seconds == 0 && err == nil:
		c.expires = time.Unix(0, 1)
	case err != nil || seconds > never:
		c.expires = time.Time{}
	default:
		c.expires = now.Add(time.Duration(seconds) * time.Second)
	}
	return true
}

// parseDate reads a date by its parts, in whatever order they come (RFC 6265, section 5.1.1).
func parseDate(text string) (time.Time, bool) {
	const none = -1
	day, month, year, clock := none, none, none, time.Duration(none)
	for _, token := range strings.FieldsFunc(text, isDelimiter) {
		if clock == none {
			if clock = clockOf(token); clock != none {
				continue
			}
		}
		if n := digits(token, 1, 2); day == none && n != none {
			day = n
			continue
		}
		if month == none {
			if month = monthOf(token); month != none {
				continue
			}
		}
		if year == none {
			year = yearOf(token)
		}
	}
	if clock < 0 || day < 1 || day > 31 || month == none || year < 1601 {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Add(clock), true
}

func isDelimiter(r rune) bool {
	return r == '\t' || r >= ' ' && r <= '/' || r >= ';' && r <= '@' || r >= '[' && r <= '`' || r >= '{' && r <= '~'
}

// digits is the number that a token begins with, -1 if it does not have so many digits.
func digits(token string, from, to int) int {
	n := 0
	for n < len(token) && token[n] >= '0' && token[n] <= '9' {
		n++
	}
	if n < from || n > to {
		return -1
	}
	number, _ := strconv.Atoi(token[:n]) // at most four digits
	return number
}

// clockOf reads 10:18:14, -1 if the token is no time. What follows the seconds does not count. A time beyond the day is
// one, so that nothing else is, and makes the date invalid.
func clockOf(token string) time.Duration {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return -1
	}
	var n [3]int
	for i, p := range parts {
		n[i] = digits(p, 1, 2)
		if n[i] < 0 || i < 2 && len(p) > 2 || i < 2 && strings.Trim(p, "0123456789") != "" {
			return -1
		}
	}
	if n[0] > 23 || n[1] > 59 || n[2] > 59 {
		return -2
	}
	return time.Duration(n[0])*time.Hour + time.Duration(n[1])*time.Minute + time.Duration(n[2])*time.Second
}

const months = "janfebmaraprmayjunjulaugsepoctnovdec"

func monthOf(token string) int {
	if len(token) < 3 {
		return -1
	}
	i := strings.Index(months, strings.ToLower(token[:3]))
	if i < 0 || i%3 != 0 {
		return -1
	}
	return i/3 + 1
}

func yearOf(token string) int {
	year := digits(token, 2, 4)
	switch {
	case year >= 70 && year <= 99:
		return year + 1900
	case year >= 0 && year <= 69:
		return year + 2000
	}
	return year
}
