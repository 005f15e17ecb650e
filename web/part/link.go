package part

import (
	"net/url"

	"edgescope/query"
)

// KeyTable names one of a page's tables in the address of its CSV or JSON.
const KeyTable = "table"

// With returns the URL with one key set, or removed when value is empty. Every other key stays; keys stand in one order
// and defaults are left out, so equal views have equal URLs. A change of what is asked drops the cursor; a range
// replaces from and to.
func With(u *url.URL, key, value string) string {
	v := u.Query()
	v.Del(key)
	if value != "" {
		v.Set(key, value)
	}
	if key == query.KeyRange {
		v.Del(query.KeyFrom)
		v.Del(query.KeyTo)
	}
	if key != query.KeyAfter {
		v.Del(query.KeyAfter)
	}
	return Address(u.Path, v)
}

// Without returns the URL with one of a key's values removed.
func Without(u *url.URL, key, value string) string {
	v := u.Query()
	var keep []string
	for _, s := range v[key] {
		if s != value {
			keep = append(keep, s)
		}
	}
	v[key] = keep
	v.Del(query.KeyAfter)
	return Address(u.Path, v)
}

// To returns the address of another page with the range and filters of this one. What belongs to one page only
// (sorting, durations, cursor, baseline) stays behind.
func To(u *url.URL, path string) string {
	v := u.Query()
	for _, key := range append(query.OfOnePage(), KeyTable) {
		v.Del(key)
	}
	return Address(path, v)
}

// ToWith is To with one key set.
func ToWith(u *url.URL, path, key, value string) string {
	target, err := url.Parse(To(u, path))
	if err != nil {
		return path
	}
	return With(target, key, value)
}

// ToVersion returns the address of another page about a version of a service, with the range and filters of this one
// and further keys and values.
func ToVersion(u *url.URL, path, service, version string, more ...string) string {
	target, err := url.Parse(To(u, path))
	if err != nil {
		return path
	}
	v := target.Query()
	v.Set(query.KeyService, service)
	v.Set(query.KeyVersion, version)
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return Address(target.Path, v)
}

// ToExplain returns the address that says what the bad requests of a finding share, with the range and filters of this
// page.
func ToExplain(u *url.URL, f *query.Finding) string {
	target, err := url.Parse(To(u, "/explain"))
	if err != nil {
		return "/explain"
	}
	v := target.Query()
	for key, value := range map[string]string{
		query.KeyService: f.Service, query.KeyVersion: f.Version, query.KeyRegion: f.Region, query.KeyRoute: f.Route,
	} {
		if value != "" {
			v.Set(key, value)
		}
	}
	return Address(target.Path, v)
}

// Address writes a path with keys in the one form that equal views share.
func Address(path string, v url.Values) string {
	u := url.URL{Path: path, RawQuery: query.Canonical(v).Encode()}
	return u.String()
}

// Narrowed is the address of a page with the page's range and filters, and keys of a query beside them: a filter text
// follows the page's own, other keys take the place of the page's, since they select less.
func Narrowed(u *url.URL, path, more string) string {
	target, err := url.Parse(To(u, path))
	if err != nil {
		return path
	}
	keys, err := url.ParseQuery(more)
	if err != nil {
		return target.String()
	}
	v := target.Query()
	for key, values := range keys {
		if key == query.KeyText && v.Get(key) != "" {
			values = []string{v.Get(key) + " " + values[0]}
		}
		v[key] = values
	}
	return Address(target.Path, v)
}
