package processor

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/grafana/sobek"
)

var (
	errTooLong = errors.New("ran longer than " + Limit.String())
	errOutside = errors.New("timers and console work inside the functions of a processor, not while it loads")
)

// loop is the event loop of one runtime: whose JavaScript runs, and what waits for its time.
type loop struct {
	rt      *sobek.Runtime
	ctx     context.Context // its end interrupts what runs
	running *job            // nil between turns
	waiting []*job          // begun and not finished
	timers  []*timer
	lastID  int64
	busy    time.Duration // all turns of all calls
}

// timer calls a function of a job at a time, once or every so often.
type timer struct {
	id     int64
	job    *job
	at     time.Time
	every  time.Duration // 0: once
	action func() error
}

func newLoop(ctx context.Context) *loop { return &loop{ctx: ctx} }

// random is Math.random: the stream of the user whose function runs.
func (l *loop) random() float64 {
	if l.running != nil && l.running.call.Random != nil {
		return l.running.call.Random()
	}
	return rand.Float64()
}

// guard runs JavaScript for at most so long. When it returns, nothing will interrupt the runtime any more.
func (l *loop) guard(limit time.Duration, f func() error) error {
	fired := make(chan struct{})
	interrupt := func(why error) {
		if l.rt != nil {
			l.rt.Interrupt(why)
		}
	}
	timer := time.AfterFunc(limit, func() { interrupt(errTooLong); close(fired) })
	done := make(chan struct{})
	cut := context.AfterFunc(l.ctx, func() { interrupt(ErrClosed); close(done) })
	err := f()
	if !timer.Stop() {
		<-fired
	}
	if !cut() {
		<-done
	}
	if l.rt != nil {
		l.rt.ClearInterrupt()
	}
	var interrupted *sobek.InterruptedError
	if errors.As(err, &interrupted) {
		return interrupted.Unwrap()
	}
	return err
}

// turn runs a piece of JavaScript of a job, and finishes the job when it failed or has run out of time.
func (l *loop) turn(j *job, f func() error) {
	began := time.Now()
	l.running = j
	err := l.guard(max(j.left(l, began), time.Millisecond), f)
	l.running = nil
	spent := time.Since(began)
	l.busy += spent
	j.own += spent
	if err != nil {
		j.finish(j.explain(err))
	}
}

// left is what a job may still take, the turns of others not counted.
func (j *job) left(l *loop, now time.Time) time.Duration {
	others := l.busy - j.busyBefore - j.own
	return Limit - (now.Sub(j.began) - others)
}

// sweep hands finished jobs back to who waits for them, and forgets their timers.
func (l *loop) sweep() {
	l.waiting = slices.DeleteFunc(l.waiting, func(j *job) bool {
		if j.finished {
			close(j.answered)
		}
		return j.finished
	})
	l.timers = slices.DeleteFunc(l.timers, func(t *timer) bool { return t.job.finished })
}

// wake is when something is due: a timer, or the end of a job's time. It is false when nothing waits.
func (l *loop) wake(now time.Time) (d time.Duration, ok bool) {
	for _, t := range l.timers {
		if due := t.at.Sub(now); !ok || due < d {
			d, ok = due, true
		}
	}
	for _, j := range l.waiting {
		if left := j.left(l, now); !ok || left < d {
			d, ok = left, true
		}
	}
	return max(d, 0), ok
}

// due runs the timers whose time has come, in order, and ends the jobs that have taken too long.
func (l *loop) due(r *realm) {
	now := time.Now()
	slices.SortStableFunc(l.timers, func(a, b *timer) int { return a.at.Compare(b.at) })
	for len(l.timers) > 0 && !l.timers[0].at.After(now) {
		t := l.timers[0]
		if l.timers = l.timers[1:]; t.every > 0 {
			t.at = now.Add(t.every)
			l.timers = append(l.timers, t)
		}
		l.turn(t.job, t.action)
		r.conclude(t.job)
		l.sweep()
	}
	for _, j := range l.waiting {
		if j.left(l, now) <= 0 {
			j.finish(j.explain(errTooLong))
			r.conclude(j)
		}
	}
	l.sweep()
}

// after starts a timer of the job that runs.
func (l *loop) after(delay, every time.Duration, action func() error) (int64, error) {
	if l.running == nil {
		return 0, errOutside
	}
	own := 0
	for _, t := range l.timers {
		if t.job == l.running {
			own++
		}
	}
	if own >= maxTimers {
		return 0, errors.New("too many timers")
	}
	l.lastID++
	at := time.Now().Add(delay)
	l.timers = append(l.timers, &timer{id: l.lastID, job: l.running, at: at, every: every, action: action})
	return l.lastID, nil
}

func (l *loop) clear(id int64) {
	l.timers = slices.DeleteFunc(l.timers, func(t *timer) bool { return t.id == id && t.job == l.running })
}
