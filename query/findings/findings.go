// Package findings gathers what is wrong from all who find something, ranks it, and says what the worst shares.
package findings

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/figures"
	"edgescope/query/tables"
)

// Options are what a Room needs beside its reader.
type Options struct {
	// Sources are who finds something. Where two tell of one thing, the first is heard.
	Sources []Source
	// Shares returns what the bad invocations of a question share, "" when nothing stands out; nil means that nobody
	// looks. It is asked about the worst finding alone.
	Shares func(context.Context, edge.Tenant, query.Question) (string, error)
	// Patience is how long Recent waits for a source that has not answered before; 0 means 30 ms.
	Patience time.Duration
	// Logger is told which source does not answer; nil means none.
	Logger *slog.Logger
}

// Source finds something; Name is what the log calls it.
type Source struct {
	Name string
	Find query.FindingsOf
}

const (
	// fresh is how long what a source found is told without asking it again, kept how long it is told while it is asked.
	fresh = 30 * time.Second
	kept  = 2 * time.Minute
	// mostKept is how many answers are remembered; mostFound how many findings of one source.
	mostKept, mostFound = 256, 50
	// atOnce is how many sources are asked at a time for all who ask, longest how long one may take.
	atOnce  = 4
	longest = 20 * time.Second
)

// Room gathers. It is safe for concurrent use; its answers belong to the caller. Stop ends what it asks in the
// background.
type Room struct {
	read *tables.Reader
	o    Options

	life  context.Context //nolint:containedctx // it bounds the room's own goroutines
	end   context.CancelFunc
	wg    sync.WaitGroup
	slots chan struct{}

	mu   sync.Mutex
	kept map[key]*said
}

// key is what was asked: a source, or the last, what the worst finding shares.
type key struct {
	tenant edge.Tenant
	source int
	asked  string
}

// said is the answer of a source.
type said struct {
	found []query.Finding
	text  string
	err   error
	at    time.Time     // when it was asked
	done  chan struct{} // closed when it has answered
	old   *said         // the answer before it, nil without one
}

// New makes a room that gathers from sources.
func New(read *tables.Reader, o Options) *Room {
	if o.Patience <= 0 {
		o.Patience = 30 * time.Millisecond
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Room{read: read, o: o, slots: make(chan struct{}, atOnce), kept: map[key]*said{}}
	r.life, r.end = context.WithCancel(context.Background())
	return r
}

// Stop ends what is being asked and waits for it.
func (r *Room) Stop(context.Context) error {
	r.mu.Lock()
	r.end() // nothing begins any more
	r.mu.Unlock()
	r.wg.Wait()
	return nil
}

// Answers are the room's answers for the API.
func (r *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{query.PathFindings: tables.All(r.answer)}}
}

func (r *Room) answer(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Findings, error) {
	a, err := r.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &query.Findings{}
	if out.About, err = a.About(ctx); err != nil {
		return nil, err
	}
	out.Findings, err = r.Findings(ctx, tenant, q)
	return out, err
}

// Findings returns what all sources find, the worst first, and waits for them. It fails when one of them does.
func (r *Room) Findings(ctx context.Context, tenant edge.Tenant, q query.Question) ([]query.Finding, error) {
	var lists [][]query.Finding
	for i, s := range r.ask(tenant, q) { //nolint:contextcheck // what is asked is no one question's
		select {
		case <-s.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if s.err != nil {
			return nil, fmt.Errorf("ask %s for findings: %w", r.o.Sources[i].Name, s.err)
		}
		lists = append(lists, s.found)
	}
	all := figures.Rank(lists...)
	if s := r.shares(tenant, q, all); s != nil { //nolint:contextcheck // what is asked is no one question's
		select {
		case <-s.done:
			all[0].Shares = s.text
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return all, nil
}

// Recent returns what the sources find as far as it is known within a moment, the worst first: of a source that takes
// longer, what it found up to two minutes ago. whole is false where a source has not said anything yet, or failed, which
// is told to the log.
func (r *Room) Recent(ctx context.Context, tenant edge.Tenant, q query.Question,
) (all []query.Finding, whole bool, err error) {
	timer := time.NewTimer(r.o.Patience)
	defer timer.Stop()
	over, whole := false, true
	var lists [][]query.Finding
	for _, s := range r.ask(tenant, q) { //nolint:contextcheck // what is asked is no one question's
		if !over && s.old == nil {
			select {
			case <-s.done:
			case <-timer.C:
				over = true
			case <-ctx.Done():
				return nil, false, ctx.Err()
			}
		}
		s = s.latest()
		if s == nil {
			whole = false
			continue
		}
		lists = append(lists, s.found)
	}
	all = figures.Rank(lists...)
	if s := r.shares(tenant, q, all); s != nil { //nolint:contextcheck // what is asked is no one question's
		if s = s.latest(); s != nil {
			all[0].Shares = s.text
		}
	}
	return all, whole, nil
}

// latest is the answer if there is one, else the one before it; nil without.
func (s *said) latest() *said {
	select {
	case <-s.done:
		if s.err == nil {
			return s
		}
	default:
	}
	return s.old
}

// ask asks all sources whose answer is not fresh.
func (r *Room) ask(tenant edge.Tenant, q query.Question) []*said {
	asked := spelled(q)
	out := make([]*said, len(r.o.Sources))
	for i, source := range r.o.Sources {
		out[i] = r.begin(key{tenant, i, asked}, func(ctx context.Context, s *said) error {
			found, err := source.Find(ctx, tenant, q)
			s.found = slices.Clone(found[:min(len(found), mostFound)])
			return err
		})
	}
	return out
}

// spelled is a question without what makes no difference to what is wrong.
func spelled(q query.Question) string {
	q.Sort, q.Compare, q.Percentile, q.Limit, q.After, q.Base = "", "", 0, 0, "", ""
	return q.Values().Encode()
}

// shares asks what the worst finding shares, nil when nobody looks or there is nothing to look at.
func (r *Room) shares(tenant edge.Tenant, q query.Question, all []query.Finding) *said {
	if r.o.Shares == nil || len(all) == 0 || all[0].Shares != "" || !shared(all[0].Kind) {
		return nil
	}
	about := narrowed(q, &all[0], r.read.Now())
	what := fmt.Sprintf("%s %q %d", spelled(q), []string{
		string(all[0].Kind), all[0].Service, all[0].Region, all[0].Route, all[0].Version, all[0].Name,
	}, all[0].Since.Unix())
	return r.begin(key{tenant, len(r.o.Sources), what}, func(ctx context.Context, s *said) (err error) {
		s.text, err = r.o.Shares(ctx, tenant, about)
		return err
	})
}

// shared tells of which kinds of findings there are bad invocations that may share something.
func shared(k query.Kind) bool {
	return k == query.KindSLO || k == query.KindRegression || k == query.KindNorm
}

// narrowed is the question about what a finding is about, since it began.
func narrowed(q query.Question, f *query.Finding, now time.Time) query.Question {
	for to, value := range map[*[]string]string{
		&q.Service: f.Service, &q.Region: f.Region, &q.Route: f.Route, &q.Version: f.Version,
	} {
		if value != "" {
			*to = []string{value}
		}
	}
	if q.Range != "" && !f.Since.IsZero() && f.Since.Before(now) {
		q.Range, q.Live, q.From, q.To = "", false, f.Since, now
	}
	return q
}

// begin returns the answer to a key if it is fresh, else one that is being made in the background.
func (r *Room) begin(k key, ask func(context.Context, *said) error) *said {
	now := r.read.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.kept[k]
	if last != nil && now.Sub(last.at) < fresh {
		return last
	}
	s := &said{at: now, done: make(chan struct{})}
	if last != nil && now.Sub(last.at) < kept {
		if before := last.latest(); before != nil {
			s.old = &said{found: before.found, text: before.text, at: before.at, done: before.done}
		}
	}
	if r.life.Err() != nil {
		s.err = r.life.Err()
		close(s.done)
		return s
	}
	if len(r.kept) >= mostKept {
		clear(r.kept)
	}
	r.kept[k] = s
	r.wg.Go(func() { r.run(k, s, ask) })
	return s
}

// run asks, when it is its turn.
func (r *Room) run(k key, s *said, ask func(context.Context, *said) error) {
	defer close(s.done)
	ctx, cancel := context.WithTimeout(r.life, longest)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		s.err = ctx.Err()
		return
	}
	if s.err = ask(ctx, s); s.err != nil && r.life.Err() == nil {
		r.o.Logger.Warn("a source of findings does not answer", slog.String("source", r.named(k.source)),
			slog.Any("err", s.err))
	}
}

// named is what the log calls a source.
func (r *Room) named(source int) string {
	if source == len(r.o.Sources) {
		return "shares"
	}
	return r.o.Sources[source].Name
}
