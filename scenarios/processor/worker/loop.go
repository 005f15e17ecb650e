package worker

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/grafana/sobek"

	"edgescope/scenarios/processor"
)

// maxTimers bounds the timers of a worker.
const maxTimers = 1_000

var errTimers = errors.New("too many timers")

// loop is the event loop of a runtime: whose JavaScript runs, and what waits for its time.
type loop struct {
	limit   time.Duration // of a function
	running *job          // nil between turns, while the source is evaluated, and in timers that outlive their call
	waiting []*job        // begun and not finished
	timers  []*timer
	lastID  int64
	busy    time.Duration // all turns of all calls
}

// timer calls a function at a time, once or every so often. It may outlive the call that started it.
type timer struct {
	id     int64
	job    *job // nil: of no call
	at     time.Time
	every  time.Duration // 0: once
	action func() error
}

// random is Math.random: the stream of the call that runs.
func (l *loop) random() float64 {
	j := l.running
	if j == nil {
		return rand.Float64() //nolint:gosec // as Math.random
	}
	if j.random == nil {
		j.random = rand.New(rand.NewPCG(j.order.Seed, j.order.Seed)) //nolint:gosec // reproducible on purpose
	}
	return j.random.Float64()
}

// turn runs a piece of JavaScript, of a job or of none, and ends the job's function when it failed or has run out of
// time.
func (r *realm) turn(j *job, f func() error) {
	l := r.loop
	began := time.Now()
	limit := l.limit
	if j != nil {
		limit = j.left(l, began)
	}
	l.running = j
	message := ""
	err := r.guard(limit, l.limits(j), func() error {
		err := f()
		if err != nil {
			message = r.explain(j, err) // which may run JavaScript: a getter of what was thrown
		}
		return err
	})
	if err != nil && message == "" {
		message = l.limits(j)
	}
	r.rejected()
	l.running = nil
	spent := time.Since(began)
	l.busy += spent
	switch {
	case j != nil:
		j.own += spent
		if err != nil {
			j.settle(cmp.Or(message, noText))
		}
	case err != nil:
		r.print("Uncaught " + message)
	}
}

// limits is the name of the error of a function that takes too long.
func (l *loop) limits(j *job) string {
	if j == nil {
		return "a timer of the processor took longer than " + l.limit.String()
	}
	return "function " + j.function() + " took longer than " + l.limit.String()
}

// left is what a job's function may still take, the turns of others not counted.
func (j *job) left(l *loop, now time.Time) time.Duration {
	others := l.busy - j.busyBefore - j.own
	return l.limit - (now.Sub(j.began) - others)
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
func (r *realm) due() {
	l := r.loop
	now := time.Now()
	slices.SortStableFunc(l.timers, func(a, b *timer) int { return a.at.Compare(b.at) })
	for len(l.timers) > 0 && !l.timers[0].at.After(now) {
		t := l.timers[0]
		if l.timers = l.timers[1:]; t.every > 0 {
			t.at = now.Add(t.every)
			l.timers = append(l.timers, t)
		}
		if t.job != nil && t.job.over {
			t.job = nil
		}
		r.turn(t.job, t.action)
		if t.job != nil {
			r.proceed(t.job)
		}
	}
	for _, j := range slices.Clone(l.waiting) {
		if j.left(l, now) <= 0 {
			j.settle(l.limits(j))
			r.proceed(j)
		}
	}
}

// after starts a timer.
func (l *loop) after(delay, every time.Duration, action func() error) (int64, error) {
	if len(l.timers) >= maxTimers {
		return 0, errTimers
	}
	l.lastID++
	at := time.Now().Add(delay)
	l.timers = append(l.timers, &timer{id: l.lastID, job: l.running, at: at, every: every, action: action})
	return l.lastID, nil
}

func (l *loop) clear(id int64) {
	l.timers = slices.DeleteFunc(l.timers, func(t *timer) bool { return t.id == id })
}

// job is a call on its way through the worker: its functions run one after another.
type job struct {
	order   *processor.Order
	user    *user
	outcome processor.Outcome
	random  *rand.Rand // of Math.random; nil until it is asked

	at      int  // which of the functions runs
	settled bool // it has ended, with failure or well
	failure string
	over    bool // all have

	began           time.Time     // of the function
	busyBefore, own time.Duration // turns of the worker before it began, and its own
	lineBytes       int

	args    []sobek.Value // of all its functions, without done; nil before the first
	request string        // JSON text of req before the first
}

func (j *job) function() string { return j.order.Functions[j.at] }

// settle ends the function that runs, once; what comes later is not heard. failure is "" if it went well.
func (j *job) settle(failure string) {
	if !j.settled {
		j.settled, j.failure = true, failure
	}
}

// begin starts a call.
func (r *realm) begin(j *job) {
	j.outcome.ID = j.order.ID
	r.loop.waiting = append(r.loop.waiting, j)
	r.next(j)
	r.proceed(j)
}

// next starts the job's next function.
func (r *realm) next(j *job) {
	j.settled, j.began, j.busyBefore, j.own = false, time.Now(), r.loop.busy, 0
	r.turn(j, func() error { return r.invoke(j) })
}

// proceed starts the functions that follow one that has ended well, and concludes the job after the last.
func (r *realm) proceed(j *job) {
	for j.settled && j.failure == "" && j.at+1 < len(j.order.Functions) {
		j.at++
		r.next(j)
	}
	if j.settled && !j.over {
		r.conclude(j)
		j.over = true
		r.loop.waiting = slices.DeleteFunc(r.loop.waiting, func(one *job) bool { return one == j })
		r.finished = append(r.finished, j)
	}
}

// conclude takes what a finished job leaves. That runs JavaScript too: toJSON.
func (r *realm) conclude(j *job) {
	r.loop.running = j
	err := r.guard(r.loop.limit, r.loop.limits(j), func() error {
		var err error
		j.user.adopt()
		if j.outcome.Vars, err = j.user.changes(j.outcome.Vars); err != nil {
			return err
		}
		if j.failure == "" && (j.order.Signature == processor.BeforeRequest || j.order.Signature == processor.Connect) {
			j.outcome.Changed, err = r.changed(j)
		}
		return err
	})
	r.loop.running = nil
	if err != nil && j.failure == "" {
		j.failure = r.loop.limits(j)
	}
	j.outcome.Failed, j.outcome.Error = j.failure != "", j.failure
}
