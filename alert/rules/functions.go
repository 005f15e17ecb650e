package rules

import (
	"fmt"
	"html"
	"math"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode"
)

// functions are those of Prometheus' templates ("Template reference") that ask nothing, and vmalert's escapes.
var functions = template.FuncMap{
	"humanize":           number(humanize),
	"humanize1024":       number(humanize1024),
	"humanizeDuration":   number(humanizeDuration),
	"humanizePercentage": number(func(v float64) string { return fmt.Sprintf("%.4g%%", v*100) }),
	"humanizeTimestamp":  number(humanizeTimestamp),
	"toTime":             toTime,
	"toDuration":         toDuration,
	"parseDuration":      func(text string) (float64, error) { d, err := ParseDuration(text); return d.Seconds(), err },
	"match":              regexp.MatchString,
	"reReplaceAll":       reReplaceAll,
	"title":              title,
	"toUpper":            strings.ToUpper,
	"toLower":            strings.ToLower,
	"stripPort":          stripPort,
	"stripDomain":        stripDomain,
	"args":               args,
	"safeHtml":           func(text string) string { return text }, // alerts are text: who shows them escapes
	"urlQueryEscape":     url.QueryEscape,
	"queryEscape":        url.QueryEscape,
	"pathEscape":         url.PathEscape,
	"htmlEscape":         html.EscapeString,
	"quotesEscape":       func(text string) string { q := strconv.Quote(text); return q[1 : len(q)-1] },
	"jsonEscape":         strconv.Quote,
	"crlfEscape":         strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace,
}

// number makes a function of templates of one of numbers. Those come as any kind of number, or as text.
func number(f func(float64) string) func(any) (string, error) {
	return func(arg any) (string, error) {
		v, err := toFloat(arg)
		if err != nil {
			return "", err
		}
		return f(v), nil
	}
}

func toFloat(arg any) (float64, error) {
	switch v := reflect.ValueOf(arg); {
	case v.CanFloat():
		return v.Float(), nil
	case v.CanInt():
		if d, ok := arg.(time.Duration); ok {
			return d.Seconds(), nil
		}
		return float64(v.Int()), nil
	case v.CanUint():
		return float64(v.Uint()), nil
	case v.Kind() == reflect.String:
		f, err := strconv.ParseFloat(v.String(), 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no number", v.String())
		}
		return f, nil
	}
	return 0, fmt.Errorf("%v is no number", arg)
}

// scaled writes four digits of a number and the prefix of the power of base that it takes.
func scaled(v, base float64, prefixes ...string) string {
	prefix := ""
	for _, p := range prefixes {
		if math.Abs(v) < base {
			break
		}
		prefix, v = p, v/base
	}
	return fmt.Sprintf("%.4g%s", v, prefix)
}

// small is scaled for what is below 1.
func small(v float64) string {
	prefix := ""
	for _, p := range []string{"m", "u", "n", "p", "f", "a", "z", "y"} {
		if math.Abs(v) >= 1 {
			break
		}
		prefix, v = p, v*1000
	}
	return fmt.Sprintf("%.4g%s", v, prefix)
}

func unscaled(v float64) bool { return v == 0 || math.IsNaN(v) || math.IsInf(v, 0) }

func humanize(v float64) string {
	switch {
	case unscaled(v):
		return fmt.Sprintf("%.4g", v)
	case math.Abs(v) < 1:
		return small(v)
	}
	return scaled(v, 1000, "k", "M", "G", "T", "P", "E", "Z", "Y")
}

func humanize1024(v float64) string {
	if unscaled(v) || math.Abs(v) <= 1 {
		return fmt.Sprintf("%.4g", v)
	}
	return scaled(v, 1024, "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
}

// humanizeDuration writes seconds.
func humanizeDuration(v float64) string {
	sign, abs := "", math.Abs(v)
	if v < 0 {
		sign = "-"
	}
	switch s := int64(min(abs, math.MaxInt64/2)); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return fmt.Sprintf("%.4g", v)
	case v == 0:
		return "0s"
	case abs < 1:
		return small(v) + "s"
	case s < 60:
		return fmt.Sprintf("%s%.4gs", sign, abs)
	case s < 3600:
		return fmt.Sprintf("%s%dm %ds", sign, s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%s%dh %dm %ds", sign, s/3600, s/60%60, s%60)
	default:
		return fmt.Sprintf("%s%dd %dh %dm %ds", sign, s/86400, s/3600%24, s/60%60, s%60)
	}
}

// lastSecond is that of the year 9999: no time is written beyond it.
const lastSecond = 253402300799

// humanizeTimestamp writes seconds since 1970 as a time in UTC.
func humanizeTimestamp(v float64) string {
	t, err := toTime(v)
	if err != nil {
		return fmt.Sprintf("%.4g", v)
	}
	return t.String()
}

func toTime(arg any) (time.Time, error) {
	v, err := toFloat(arg)
	if err != nil {
		return time.Time{}, err
	}
	if !(math.Abs(v) <= lastSecond) {
		return time.Time{}, fmt.Errorf("%v is no time", arg)
	}
	return time.UnixMilli(int64(math.Round(v * 1000))).UTC(), nil
}

func toDuration(arg any) (time.Duration, error) {
	v, err := toFloat(arg)
	if err != nil {
		return 0, err
	}
	if !(math.Abs(v) < math.MaxInt64/1e9) {
		return 0, fmt.Errorf("%v is no length of time", arg)
	}
	return time.Duration(v * float64(time.Second)), nil
}

func reReplaceAll(pattern, with, text string) (string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return "", err //nolint:wrapcheck // it names the pattern
	}
	if len(with)*(len(text)+1) > 1<<20 {
		return "", errLong
	}
	return re.ReplaceAllString(text, with), nil
}

// title makes the first letter of each word a capital and leaves the others as they are.
func title(text string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		begins := !inWord
		inWord = unicode.IsLetter(r) || unicode.IsDigit(r) || inWord && r == '\''
		if begins {
			return unicode.ToTitle(r)
		}
		return r
	}, text)
}

func stripPort(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// stripDomain keeps the first word of a host, and its port. An address of digits stays.
func stripDomain(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, ""
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return address
	}
	host, _, _ = strings.Cut(host, ".")
	if port != "" {
		return net.JoinHostPort(host, port)
	}
	return host
}

// args names its arguments arg0, arg1 and so on.
func args(all ...any) map[string]any {
	named := make(map[string]any, len(all))
	for i, a := range all {
		named["arg"+strconv.Itoa(i)] = a
	}
	return named
}
