package findings_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/findings"
	"edgescope/query/tables"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const tenant edge.Tenant = 3

// source finds what it is told to, after a while.
type source struct {
	found []query.Finding
	after time.Duration
	err   error
	asked atomic.Int32
}

func (s *source) find(ctx context.Context, _ edge.Tenant, _ query.Question) ([]query.Finding, error) {
	s.asked.Add(1)
	select {
	case <-time.After(s.after):
		return s.found, s.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// world has a room over sources, in a bubble of its own time.
func world(t *testing.T, o findings.Options, sources ...*source) *findings.Room {
	t.Helper()
	for i, s := range sources {
		o.Sources = append(o.Sources, findings.Source{Name: fmt.Sprint("source ", i), Find: s.find})
	}
	r := findings.New(tables.New(nil, time.Now, 1), o)
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

func ask(filters ...string) query.Question {
	q := query.Question{Range: "1h", Live: true, From: time.Now().Add(-time.Hour), To: time.Now()}
	q.Region = filters
	return q
}

func subjects(found []query.Finding, err error) string {
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, f := range found {
		text := f.Subject
		if f.Shares != "" {
			text += " (" + f.Shares + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func bad(kind query.Kind, subject string) query.Finding {
	return query.Finding{Kind: kind, Severity: "bad", Subject: subject, Region: subject}
}

// recently is what Recent returned, with "..." where not all have said something.
func recently(found []query.Finding, whole bool, err error) string {
	text := subjects(found, err)
	if whole || err != nil {
		return text
	}
	return strings.TrimSpace(text + " ...")
}

func TestSourcesAreGatheredAndRanked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := world(t, findings.Options{},
			&source{found: []query.Finding{bad(query.KindCost, "month")}},
			&source{found: []query.Finding{bad(query.KindNorm, "GRU"), bad(query.KindNorm, "SIN")}, after: time.Second},
			&source{found: []query.Finding{bad(query.KindRegression, "v2")}, after: 10 * time.Millisecond})
		if got := recently(r.Recent(t.Context(), tenant, ask())); got != "v2 month ..." {
			t.Errorf("at once: %s", got)
		}
		if got := subjects(r.Findings(t.Context(), tenant, ask())); got != "v2 GRU SIN month" {
			t.Errorf("with all: %s", got)
		}
		if got := recently(r.Recent(t.Context(), tenant, ask())); got != "v2 GRU SIN month" {
			t.Errorf("later: %s", got)
		}
	})
}

// TestWhatWasFoundIsRemembered holds that a source is asked once in half a minute, whoever asks, and that whoever asks
// later does not wait for it.
func TestWhatWasFoundIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{found: []query.Finding{bad(query.KindNorm, "GRU")}, after: time.Second}
		r := world(t, findings.Options{}, s)
		recent := func(want string, filters ...string) {
			t.Helper()
			start := time.Now()
			got := recently(r.Recent(t.Context(), tenant, ask(filters...)))
			if took := time.Since(start); got != want || took > 30*time.Millisecond {
				t.Errorf("%q after %s, want %q", got, took, want)
			}
		}
		recent("...")
		time.Sleep(5 * time.Second)
		recent("GRU")
		recent("GRU")
		if n := s.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		recent("...", "FRA") // another question
		time.Sleep(time.Minute)
		synctest.Wait()
		s.found = []query.Finding{bad(query.KindNorm, "SIN")}
		recent("GRU") // and it is asked again
		time.Sleep(2 * time.Second)
		recent("SIN")
		if n := s.asked.Load(); n != 3 {
			t.Errorf("asked %d times", n)
		}
		time.Sleep(time.Hour)
		recent("...") // too old to be told
		time.Sleep(2 * time.Second)
	})
}

func TestASourceThatFailsHidesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &source{err: errors.New("no disk")}
		r := world(t, findings.Options{}, broken, &source{found: []query.Finding{bad(query.KindNorm, "GRU")}})
		if got := recently(r.Recent(t.Context(), tenant, ask())); got != "GRU ..." {
			t.Errorf("recent: %s", got)
		}
		if got := subjects(r.Findings(t.Context(), tenant, ask())); got != "ask source 0 for findings: no disk" {
			t.Errorf("all: %s", got)
		}
	})
}

func TestAnAnswerEndsWithItsAsker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := world(t, findings.Options{}, &source{after: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Findings(ctx, tenant, ask()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := r.Findings(t.Context(), tenant, ask("new")); err == nil {
			t.Error("a room that has stopped asks")
		}
	})
}

// TestWhatTheWorstSharesIsLookedFor holds that only the worst is looked at, from when it began, about its own place.
func TestWhatTheWorstSharesIsLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now().Add(-20 * time.Minute)
		gru := bad(query.KindNorm, "GRU")
		gru.Since, gru.Service = began, "shop"
		var about query.Question
		n := 0
		o := findings.Options{Shares: func(_ context.Context, _ edge.Tenant, q query.Question) (string, error) {
			about = q
			n++
			time.Sleep(200 * time.Millisecond)
			return "all on /cart", nil
		}}
		r := world(t, o, &source{found: []query.Finding{gru, bad(query.KindNorm, "SIN")}})
		if got := recently(r.Recent(t.Context(), tenant, ask())); got != "GRU SIN" {
			t.Errorf("at once: %s", got)
		}
		if got := subjects(r.Findings(t.Context(), tenant, ask())); got != "GRU (all on /cart) SIN" {
			t.Errorf("with all: %s", got)
		}
		if got := recently(r.Recent(t.Context(), tenant, ask())); got != "GRU (all on /cart) SIN" || n != 1 {
			t.Errorf("later: %s, looked %d times", got, n)
		}
		if !about.From.Equal(began) || about.Range != "" || about.Region[0] != "GRU" || about.Service[0] != "shop" {
			t.Errorf("it is asked about %+v", about)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		o := findings.Options{Shares: func(context.Context, edge.Tenant, query.Question) (string, error) {
			t.Error("a silence shares nothing")
			return "", nil
		}}
		r := world(t, o, &source{found: []query.Finding{bad(query.KindSilence, "JNB")}})
		if got := subjects(r.Findings(t.Context(), tenant, ask())); got != "JNB" {
			t.Error(got)
		}
	})
}
