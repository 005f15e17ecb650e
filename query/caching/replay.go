package caching

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/store"
)

const (
	// mostRows is how many requests are replayed: the newest ones of more.
	mostRows = 100_000
	// leastReplayed is how many requests of a place it takes to say more than what was counted.
	leastReplayed = 100
	// held is for how long an answer is given to those who ask after it came.
	held = 100 * time.Millisecond
)

// The attributes that a replay reads beside those of a place.
const (
	keyPath  = "url.path"
	keyCache = "http.response.header.cache-control"
)

// replayed is what was read request by request.
type replayed struct {
	stretch query.Stretch
	places  map[place]*keys
	rows    int
}

// keys are the paths of a place.
type keys struct {
	n          int
	paths      map[string]*path
	configured map[float64]int // seconds of max-age, and how many said so
}

// path is a path: how many requests it had, and when its misses began and ended, in ns.
type path struct {
	n      int
	misses [][2]int64
}

// replay reads the requests of places: all of the range or, of more than mostRows, the newest ones.
func replay(ctx context.Context, events *tables.Events, of query.Stretch, places []counted) (*replayed, error) {
	r := &replayed{stretch: of, places: map[place]*keys{}}
	if len(places) == 0 {
		return r, nil
	}
	requests, any := 0.0, make([]string, len(places))
	for i := range places {
		p := places[i].place
		requests += places[i].requests
		r.places[p] = &keys{paths: map[string]*path{}, configured: map[float64]int{}}
		any[i] = "(" + filter.Exactly(edge.KeyServiceName, p.service) + " " + filter.Exactly(edge.KeyRegion, p.region) +
			" " + filter.Exactly(edge.KeyRoute, p.route) + ")"
	}
	if requests > mostRows {
		length := time.Duration(float64(of.To.Sub(of.From)) * mostRows / requests)
		r.stretch.From = of.To.Add(-length)
	}
	fields := filter.QuoteAll([]string{
		store.FieldTime, edge.KeyDuration, edge.KeyServiceName, edge.KeyRegion, edge.KeyRoute, edge.KeyCacheStatus, keyPath,
		keyCache,
	})
	pipes := "| filter (" + strings.Join(any, " or ") + ") | fields " + strings.Join(fields, ", ")
	if err := events.Rows(ctx, r.stretch.From, r.stretch.To, pipes, r.add); err != nil {
		return nil, fmt.Errorf("replay requests: %w", err)
	}
	return r, nil
}

func (r *replayed) add(row store.Row) error {
	k := r.places[place{row.Get(edge.KeyServiceName), row.Get(edge.KeyRegion), row.Get(edge.KeyRoute)}]
	if k == nil || r.rows >= 4*mostRows { // a burst: what was read is enough, and memory is bounded
		return nil
	}
	end, err := row.Time(store.FieldTime)
	if err != nil {
		return fmt.Errorf("read the time of a request: %w", err)
	}
	r.rows++
	k.n++
	name := keyOf(row.Get(keyPath))
	p := k.paths[name]
	if p == nil {
		p = &path{}
		k.paths[strings.Clone(name)] = p
	}
	p.n++
	if missed(row.Get(edge.KeyCacheStatus)) {
		p.misses = append(p.misses, [2]int64{end.UnixNano() - int64(row.Number(edge.KeyDuration)), end.UnixNano()})
	}
	if age, ok := maxAge(row.Get(keyCache)); ok {
		k.configured[age]++
	}
	return nil
}

// keyOf returns what a path is kept under: the path without its query, "" of one that looks as if it had a secret, which
// then counts as its route.
func keyOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	for segment := range strings.SplitSeq(path, "/") {
		if secret(segment) {
			return ""
		}
	}
	return path
}

// secret tells whether a piece of a path looks like a token: 20 characters or more with digits among letters and no
// dot, as in what a build names its files by.
func secret(segment string) bool {
	return len(segment) >= 20 && !strings.Contains(segment, ".") && strings.ContainsFunc(segment, unicode.IsDigit) &&
		strings.ContainsFunc(segment, unicode.IsLetter)
}

// maxAge returns for how many seconds an answer says that a shared cache may keep it (RFC 9111, 5.2.2): s-maxage before
// max-age. false when it says neither, or that it must not be kept.
func maxAge(header string) (seconds float64, ok bool) {
	header = strings.ToLower(header)
	for _, name := range []string{"s-maxage=", "max-age="} {
		if _, after, found := strings.Cut(header, name); found {
			end := strings.IndexFunc(after, func(c rune) bool { return c < '0' || c > '9' })
			if end < 0 {
				end = len(after)
			}
			n, err := strconv.ParseFloat(after[:end], 64)
			return n, err == nil && n > 0
		}
	}
	return 0, false
}

// rates are how often each path was asked for, per second.
func (k *keys) rates(length time.Duration) []float64 {
	out := make([]float64, 0, len(k.paths))
	for _, p := range k.paths {
		out = append(out, float64(p.n)/length.Seconds())
	}
	slices.Sort(out) // sums are the same in whatever order paths come
	return out
}

// together returns how many misses came while the same path was being fetched, or within some time after, of how many.
// Who waits is not what others wait for.
func (k *keys) together(after time.Duration) judge.Share {
	var s judge.Share
	for _, p := range k.paths {
		slices.SortFunc(p.misses, func(a, b [2]int64) int {
			if a[0] != b[0] {
				return int(min(max(a[0]-b[0], -1), 1))
			}
			return int(min(max(a[1]-b[1], -1), 1))
		})
		until := int64(0)
		for _, m := range p.misses {
			s.N++
			if m[0] < until {
				s.K++
				continue
			}
			until = m[1] + int64(after)
		}
	}
	return s
}

// said returns the max-age that most answers have, 0 without any.
func (k *keys) said() float64 {
	best, most := 0.0, 0
	for age, n := range k.configured {
		if n > most || n == most && age > best {
			best, most = age, n
		}
	}
	return best
}
