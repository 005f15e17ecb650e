package route

import "strings"

// The lengths in characters from which a token is taken for an identifier.
const (
	shortHex   = 7  // an abbreviated hash: letters and digits mixed
	longHex    = 16 // any hash, also one of letters only
	shortMixed = 8  // letters and digits in turns
	shortUpper = 6  // the same in capitals only
	longMixed  = 20 // a letter and a digit are enough
	prefixed   = 10 // behind an unknown prefix
	longDigits = 5  // digits in a row
)

// hasToken tells whether one of the parts between marks looks like an identifier: cus_9s6XKzkNRiz8i3,
// web-7d4b9c6f5d-x2x4z.
func hasToken(s string) bool {
	long := len(s) >= longMixed
	parts, before, mark := 0, "", byte(0)
	for start, i := 0, 0; i <= len(s); i++ {
		if i < len(s) && (isLetter(s[i]) || isDigit(s[i])) {
			continue
		}
		if part := s[start:i]; part != "" {
			if isToken(part) || parts > 0 && isBehind(before, mark, part) || long && isScrambled(part) {
				return true
			}
			parts++
			before = part
		}
		if i < len(s) {
			mark = s[i]
		}
		start = i + 1
	}
	return false
}

// isToken tells whether letters and digits without a mark look like an identifier. Words with a number do not:
// iphone15pro, h264, v1beta1, 1920x1080.
func isToken(s string) bool {
	n := len(s)
	if n < longDigits {
		return false
	}
	sh := shapeOf(s)
	if sh.hex == n && n >= longHex {
		return true
	}
	if sh.digits == 0 || isVersion(s) {
		return false
	}
	switch {
	case sh.longest >= longDigits, n >= longMixed:
		return true
	case sh.hex == n && n >= shortHex && sh.letters > 0 && (sh.runs > 1 || isDigit(s[0])):
		return true
	default:
		return sh.takesTurns(n)
	}
}

// takesTurns tells whether letters and digits take turns more often than in words: the shorter and the plainer, the
// more.
func (sh *shape) takesTurns(n int) bool {
	switch {
	case n < shortMixed:
		return n >= shortUpper && sh.upper == sh.letters && sh.runs > 1
	case sh.upper > 0: // of one case or of both
		return sh.runs > 1
	default:
		return sh.runs > 2
	}
}

// isScrambled tells whether small and capital letters take turns as they do in base64, and not as in camel case.
func isScrambled(s string) bool {
	const share = 3
	turns := 0
	for i := 1; i < len(s); i++ {
		if isUpper(s[i]) && isLetter(s[i-1]) && !isUpper(s[i-1]) {
			turns++
		}
	}
	return turns > 1 && turns*share >= len(s)
}

// isVersion tells whether a token is a version: v1, v20240101.
func isVersion(s string) bool {
	const longest = 9
	return len(s) <= longest && s[0]|0x20 == 'v' && isNumber(s[1:])
}

// isBehind tells whether a part that is no identifier by itself is one behind a prefix: user_123, JIRA-1234,
// prod_NWjs8kKbJWmuuc.
func isBehind(prefix string, mark byte, s string) bool {
	if mark != '_' && mark != '-' || !isVerb(prefix) {
		return false
	}
	sh := shapeOf(s)
	if sh.digits == len(s) {
		return isNumbered(prefix, mark, s)
	}
	return mark == '_' && (sh.mixes() && len(s) >= prefixed || len(s) >= shortMixed && knownPrefix(prefix) &&
		sh.isRandom(s))
}

// mixes tells whether a token has digits, small letters and capitals.
func (sh *shape) mixes() bool {
	return sh.digits > 0 && sh.upper > 0 && sh.upper < sh.letters
}

// isRandom tells a token from a word in camel case, which has a capital for every five letters or so, and from one with
// a number behind it.
func (sh *shape) isRandom(s string) bool {
	const humps = 4
	if sh.digits == 0 {
		return sh.upper >= humps && sh.letters-sh.upper >= humps
	}
	return sh.runs > 1 || isDigit(s[0])
}

// isNumbered tells a number behind a name from a year or a region (es_419): user_123, PROJ-1234.
func isNumbered(prefix string, mark byte, digits string) bool {
	const few, year, language = 3, 4, 2
	if len(digits) < few {
		return false
	}
	if mark == '-' {
		return strings.ToUpper(prefix) == prefix
	}
	isYear := len(digits) == year && (strings.HasPrefix(digits, "19") || strings.HasPrefix(digits, "20"))
	return !isYear && len(prefix) > language
}

// prefixes are those that services put before the ids that they give out: docs.stripe.com/api (each object's example),
// of which some ids have no digit at all; clerk.com/docs/reference (users, sessions, organizations).
const prefixes = " acct ba card ch cs cus dp evt fee file ii in li link mandate or org pi plink pm po price prod " +
	"promo pst py qt " +
	"re sess seti si sku src sub tok tr txi txn txr us user we "

func knownPrefix(s string) bool {
	i := strings.Index(prefixes, s)
	return i > 0 && prefixes[i-1] == ' ' && prefixes[i+len(s)] == ' '
}
