package latency

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/query/traces"
	"edgescope/store"
)

// slices of a range: rows that end in the first part of each of its pieces. They are the same whenever the same range is
// asked, and a store reads of most columns only the blocks in which there are any.
type sample struct {
	found  float64
	shift  int // 1 of 2^shift of each piece is looked at
	pieces int
}

// mostPieces is in how many pieces a range is cut.
const mostPieces = 16

// sampleOf is the sample of about so many of n rows.
func sampleOf(n float64, most int) *sample {
	s := &sample{found: n, pieces: mostPieces}
	for n > float64(most) {
		n /= 2
		s.shift++
	}
	return s
}

// pipe is the LogsQL that keeps the sample, "" when it is everything.
func (s *sample) pipe(from, to time.Time) string {
	if s.shift == 0 {
		return ""
	}
	piece := to.Sub(from) / time.Duration(s.pieces)
	length := max(1, piece>>s.shift)
	alternatives := make([]string, s.pieces)
	const layout = "2006-01-02T15:04:05.000000000Z"
	for i := range alternatives {
		start := from.Add(time.Duration(i) * piece).UTC()
		alternatives[i] = "_time:[" + start.Format(layout) + "," + start.Add(length).Format(layout) + ")"
	}
	return "| filter (" + strings.Join(alternatives, " or ") + ") "
}

// note tells what was looked at, if not everything.
func (s *sample) note(a *query.About, looked int) {
	if s.shift > 0 {
		a.Note(fmt.Sprintf("of %.0f requests %d were looked at: those that ended in the first 1/%d of each of %d equal "+
			"parts of the range", s.found, looked, 1<<s.shift, s.pieces))
	}
}

// errTooMany ends a question whose rows are more than were counted.
var errTooMany = errors.New("more rows than were counted")

// grow asks again with a smaller sample as long as there are twice as many rows as there should be.
func (s *sample) grow(most int, ask func() (int, error)) error {
	for {
		_, err := ask()
		if !errors.Is(err, errTooMany) {
			return err
		}
		if s.shift++; s.shift > 40 {
			return fmt.Errorf("look at %d rows: %w", most, err)
		}
	}
}

// invocations returns a sample of the invocations of a range, the fastest first.
func (x *Room) invocations(ctx context.Context, events *tables.Events, w tally.Window, n float64) (
	[]request, *sample, error,
) {
	s := sampleOf(n, mostRows)
	var out []request
	err := s.grow(mostRows, func() (int, error) {
		out = out[:0]
		return len(out), events.Rows(ctx, w.From, w.To, s.pipe(w.From, w.To)+fieldsPipe, func(r store.Row) error {
			if len(out) > 2*mostRows {
				return errTooMany
			}
			if read, ok := read(r.Get); ok {
				out = append(out, read)
			}
			return nil
		})
	})
	return out, s, err
}

// spanKey names a span of a trace.
type spanKey struct{ trace, span string }

// clients adds to the requests of bands what the spans of their clients saw: those that are the parents of their
// invocations.
func (x *Room) clients(ctx context.Context, tenant edge.Tenant, w tally.Window, bands []band) error {
	of, ids := map[spanKey][]*request{}, map[string]bool{}
	for i := range bands {
		for _, r := range bands[i].requests {
			if r.trace != "" && r.parent != "" {
				k := spanKey{r.trace, r.parent}
				of[k] = append(of[k], r)
				ids[r.trace] = true
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	text := filter.Exactly(store.FieldKind, edge.SpanClient.String()) + " " + filter.In(store.FieldTraceID, sorted(ids)) +
		" | fields " + strings.Join([]string{store.FieldTraceID, store.FieldSpanID, edge.KeyDuration}, ", ")
	q := traces.SpansQuestion(tenant, text, w.From, w.To.Add(near))
	err := x.read.Rows(ctx, q, func(r store.Row) error {
		if r.Get(edge.KeyDuration) == "" {
			return nil
		}
		for _, request := range of[spanKey{r.Get(store.FieldTraceID), r.Get(store.FieldSpanID)}] {
			request.Client = r.Number(edge.KeyDuration) / 1e6
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what clients saw: %w", err)
	}
	return nil
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for s := range set {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// sent is a request as its client saw it.
type sent struct {
	spanKey

	took float64 // ms
}

// sentBy returns a sample of the client spans of a load test.
func (x *Room) sentBy(ctx context.Context, tenant edge.Tenant, id string, w tally.Window) ([]sent, *sample, error) {
	of := filter.Exactly(edge.RunIDAttr, id) + " " + filter.Exactly(store.FieldKind, edge.SpanClient.String()) + " "
	n := 0.0
	err := x.read.Rows(ctx, traces.SpansQuestion(tenant, of+"| stats count() n", w.From, w.To), func(r store.Row) error {
		n += r.Number("n")
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("count the requests of a load test: %w", err)
	}
	s := sampleOf(n, mostClients)
	var out []sent
	err = s.grow(mostClients, func() (int, error) {
		out = out[:0]
		text := of + s.pipe(w.From, w.To) + "| fields " +
			strings.Join([]string{store.FieldTraceID, store.FieldSpanID, edge.KeyDuration}, ", ")
		return len(out), x.read.Rows(ctx, traces.SpansQuestion(tenant, text, w.From, w.To), func(r store.Row) error {
			if len(out) > 2*mostClients {
				return errTooMany
			}
			key := spanKey{strings.Clone(r.Get(store.FieldTraceID)), strings.Clone(r.Get(store.FieldSpanID))}
			out = append(out, sent{key, r.Number(edge.KeyDuration) / 1e6})
			return nil
		})
	})
	if err != nil {
		err = fmt.Errorf("read the requests of a load test: %w", err)
	}
	slices.SortFunc(out, func(x, y sent) int {
		return cmp.Or(strings.Compare(x.trace, y.trace), strings.Compare(x.span, y.span))
	})
	return out, s, err
}

// reached returns the invocations of the traces of requests, by trace.
func (x *Room) reached(ctx context.Context, tenant edge.Tenant, w tally.Window, seen []sent) (map[string][]request, error) {
	if len(seen) == 0 {
		return nil, nil
	}
	ids := map[string]bool{}
	for _, s := range seen {
		ids[s.trace] = true
	}
	wide := tally.Window{From: w.From.Add(-near), To: w.To, Step: w.To.Sub(w.From) + near}
	events, err := x.read.Events(ctx, tables.Cut{Tenant: tenant, Window: wide})
	if err != nil {
		return nil, err
	}
	found := map[string][]request{}
	pipes := "| filter " + filter.In(store.FieldTraceID, sorted(ids)) + " " + fieldsPipe
	err = events.Rows(ctx, wide.From, wide.To, pipes, func(r store.Row) error {
		if one, ok := read(r.Get); ok {
			found[one.trace] = append(found[one.trace], one)
		}
		return nil
	})
	return found, err
}

// matched puts both views of requests together: the invocation whose parent is the client's span, else the only one of
// its trace. Requests without an invocation are left out.
func matched(seen []sent, found map[string][]request) []request {
	var out []request
	for _, s := range seen {
		all := found[s.trace]
		i := slices.IndexFunc(all, func(r request) bool { return r.parent == s.span })
		if i < 0 && len(all) == 1 {
			i = 0
		}
		if i < 0 {
			continue
		}
		r := all[i]
		r.Client = s.took
		out = append(out, r)
	}
	return out
}
