package explain

import (
	"net/url"
	"slices"
	"strings"

	"edgescope/query"
)

// filters are the keys of a question that filter by a known attribute.
var filters = []string{
	query.KeyService, query.KeyVersion, query.KeyRegion, query.KeyRoute, query.KeyStatus, query.KeyCold, query.KeyCache,
}

// link returns the keys of a URL that select the bad invocations which share this. What no filter can say is left out:
// then it selects more.
func link(bad string, is []query.Shared) string {
	v := url.Values{}
	var words []string
	switch bad {
	case query.BadErrors:
		words = append(words, "-outcome:ok", "-outcome:canceled")
	case query.BadSlow:
		v.Set(query.KeySort, "-duration")
	case query.BadCold:
		v.Set(query.KeyCold, "true")
	case query.BadMiss:
		v[query.KeyCache] = []string{"miss", "expired"}
	}
	for _, s := range is {
		i := slices.IndexFunc(filters, func(key string) bool { return query.Attribute(key) == s.Key })
		switch {
		case i >= 0 && s.Value != "" && !strings.HasPrefix(s.Value, "-"):
			v.Set(filters[i], s.Value)
		case i >= 0 && s.Value == "":
			v.Set(filters[i], query.Unknown)
		case !nameable(s.Key):
		case s.Value == "":
			words = append(words, "-"+s.Key+":*")
		default:
			words = append(words, s.Key+`:"`+escape.Replace(s.Value)+`"`)
		}
	}
	if len(words) > 0 {
		v.Set(query.KeyText, strings.Join(words, " "))
	}
	return v.Encode()
}

// escape lets characters of a value in quotes stand for themselves.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `*`, `\*`)

// nameable tells whether a filter text may have an attribute's name.
func nameable(key string) bool {
	return strings.ContainsAny(key, "._") && len(key) <= 128 && !strings.ContainsFunc(key, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._-", c)
	})
}
