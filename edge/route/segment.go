package route

import "strings"

// isWords tells quickly of most segments that they hold no identifier: letters and marks between words only, and not
// the length of a UUID or of a long hash.
func isWords(s string) bool {
	const shortHash = 16
	if len(s) >= shortHash {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// isID tells whether a segment names one thing of many. What it looks for is in the order of the checks: numbers;
// UUIDs; mail addresses and URLs; dates, times, phone numbers and addresses of digits; lists of these; and tokens that
// look random, alone or behind a prefix.
func isID(s string) bool {
	if s == "" {
		return false
	}
	switch sh := shapeOf(s); {
	case sh.digits == len(s), hasUUID(s), isMail(s), isAddress(s), isPadded(s):
		return true
	case sh.digits == 0:
		return sh.letters == len(s) && isToken(s) || sh.upper > 0 && sh.marks > 0 && hasToken(s)
	case sh.letters == 0 && sh.high == 0:
		return isFigures(s, &sh)
	default:
		return isMoment(s, &sh) || isList(s) || hasToken(s)
	}
}

// shape counts what a text is made of.
type shape struct {
	digits, letters, upper, hex int
	// marks are the other ASCII characters, high the bytes of others.
	marks, high int
	// runs is how many runs of digits there are, longest the length of the longest.
	runs, longest int
}

func shapeOf(s string) (sh shape) {
	run := 0
	for i := range len(s) {
		c := s[i]
		if !isDigit(c) {
			run = 0
		}
		switch {
		case isDigit(c):
			if run == 0 {
				sh.runs++
			}
			run++
			sh.longest = max(sh.longest, run)
			sh.digits++
			sh.hex++
		case isLetter(c):
			sh.letter(c)
		case c < 0x80:
			sh.marks++
		default:
			sh.high++
		}
	}
	return sh
}

func (sh *shape) letter(c byte) {
	sh.letters++
	if isUpper(c) {
		sh.upper++
	}
	if isHex(c) {
		sh.hex++
	}
}

// hasUUID tells whether a text is a UUID (RFC 9562 section 4), in braces or behind a prefix, as in urn:uuid: or user-.
func hasUUID(s string) bool {
	const length = 36
	s = strings.TrimSuffix(s, "}")
	if len(s) < length || len(s) > length && (isLetter(s[len(s)-length-1]) || isDigit(s[len(s)-length-1])) {
		return false
	}
	s = s[len(s)-length:]
	for i := range length {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// isMail tells whether a text is a mail address: the domain ends in a label of letters, so that lodash@4.17.21 is none,
// and neither is a version with a word behind it.
func isMail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 {
		return false
	}
	domain := s[at+1:]
	dot := strings.LastIndexByte(domain, '.')
	if dot <= 0 || len(domain)-dot < 3 || !isVerb(domain[dot+1:]) {
		return false
	}
	for i := range domain {
		if c := domain[i]; !isLetter(c) && !isDigit(c) && c != '.' && c != '-' && c < 0x80 {
			return false
		}
	}
	first, rest, _ := strings.Cut(domain, ".")
	second, _, more := strings.Cut(rest, ".")
	return !more || !isNumber(first) || !isNumber(second)
}

// isAddress tells whether a text is a URL, or an address of IPv6 (RFC 4291 section 2.2) or of a network card.
func isAddress(s string) bool {
	const colons = 2
	if strings.Contains(s, "://") {
		return true
	}
	n := 0
	for i := range len(s) {
		if s[i] == ':' {
			n++
		} else if !isHex(s[i]) {
			return false
		}
	}
	return n >= colons
}

// isPadded tells whether a text ends as base64 does (RFC 4648 section 4).
func isPadded(s string) bool {
	const shortest = 8
	return len(s) >= shortest && s[len(s)-1] == '='
}

func isNumber(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// isFigures tells of digits with marks between them whether they name one thing: a date, a time, a phone number, an
// address of IPv4, a decimal or a signed number, a list of numbers. Versions such as 1.2.3 do not, nor do short pairs
// such as 7-11.
func isFigures(s string, sh *shape) bool {
	const few = 5
	if sh.digits == 0 {
		return false
	}
	if isNumber(s[1:]) && (s[0] == '-' || s[0] == '+') || strings.Contains(s, ":") {
		return true
	}
	if strings.ContainsAny(s, ",|") {
		return isList(s)
	}
	switch strings.Count(s, ".") {
	case 0, 1:
		return sh.digits >= few
	case 2:
		return isDottedDate(s)
	case 3:
		return sh.marks == 3 && sh.longest <= 3 && sh.runs == 4
	default:
		return false
	}
}

// isDottedDate tells 20.11.2026 and 2026.11.20 from a version.
func isDottedDate(s string) bool {
	a, rest, _ := strings.Cut(s, ".")
	b, c, _ := strings.Cut(rest, ".")
	return isNumber(a) && isNumber(b) && isNumber(c) && len(b) == 2 &&
		(len(a) == 4 && len(c) == 2 || len(a) == 2 && len(c) == 4)
}

// isMoment tells whether a text is a date with a time (RFC 3339), has a date in it, or is a week, a quarter or a month
// with its year.
func isMoment(s string, sh *shape) bool {
	const date = 8
	if sh.digits >= date && strings.Trim(s, "0123456789-_:.+ TZtz") == "" && !hasOther(s) {
		return true
	}
	return hasDate(s) || isPeriod(s)
}

// hasOther tells whether a text has a letter beside T and Z.
func hasOther(s string) bool {
	for i := range len(s) {
		if c := s[i] &^ 0x20; isLetter(s[i]) && c != 'T' && c != 'Z' {
			return true
		}
	}
	return false
}

// hasDate tells whether a text has a date such as 2026-11-20, in one piece.
func hasDate(s string) bool {
	const length = len("2026-11-20")
	for i := 0; i+length <= len(s); i++ {
		d := s[i : i+length]
		if d[4] == d[7] && (d[4] == '-' || d[4] == '_' || d[4] == '.') && isNumber(d[:4]) && isNumber(d[5:7]) &&
			isNumber(d[8:]) &&
			(d[0] == '1' || d[0] == '2') && d[5] <= '1' && d[8] <= '3' {
			return true
		}
	}
	return false
}

// isPeriod tells whether a text is a week or a quarter (2026-W47, 2026-Q4) or a month by its name, with its year
// (20-Nov-2026).
func isPeriod(s string) bool {
	year, month := 0, 0
	for part := range strings.FieldsFuncSeq(s, isBetween) {
		switch {
		case len(part) == 4 && isNumber(part) && (part[0] == '1' || part[0] == '2'):
			year++
		case len(part) <= 2 && isNumber(part):
		case len(part) >= 2 && strings.IndexByte("WQwq", part[0]) >= 0 && isNumber(part[1:]) && len(part) <= 3:
			month++
		case isMonth(part):
			month++
		default:
			return false
		}
	}
	return year == 1 && month == 1
}

const months = "january february march april may june july august september october november december sept "

func isMonth(s string) bool {
	const short, long = 3, 9
	if len(s) < short || len(s) > long {
		return false
	}
	var lower [long]byte
	for i := range len(s) {
		lower[i] = s[i] | 0x20
	}
	at := strings.Index(months, string(lower[:len(s)]))
	if at < 0 || at > 0 && months[at-1] != ' ' {
		return false
	}
	return len(s) == short || months[at+len(s)] == ' '
}

func isBetween(r rune) bool { return r == '-' || r == '_' || r == '.' || r == ' ' }

// isList tells whether a text is a list of identifiers, of numbers or of coordinates: 1,2,3, 1|2|3 or @52.5,13.4,12z.
func isList(s string) bool {
	if !strings.ContainsAny(s, ",|") {
		return false
	}
	for element := range strings.FieldsFuncSeq(strings.TrimPrefix(s, "@"),
		func(r rune) bool { return r == ',' || r == '|' }) {
		if element = strings.TrimSpace(element); !isCoordinate(element) && !isID(element) {
			return false
		}
	}
	return true
}

// isCoordinate tells whether a text is a number, signed or with a fraction, perhaps with one letter for its unit behind
// it.
func isCoordinate(s string) bool {
	s = strings.TrimLeft(s, "+-")
	if n := len(s); n > 1 && isLetter(s[n-1]) {
		s = s[:n-1]
	}
	whole, fraction, dotted := strings.Cut(s, ".")
	return isNumber(whole) && (!dotted || isNumber(fraction))
}
