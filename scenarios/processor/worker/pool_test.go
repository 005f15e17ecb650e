package worker_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"edgescope/scenarios/processor"
)

// TestWaitingCallsShareAWorker: a function that waits for a timer does not keep the worker from others.
func TestWaitingCallsShareAWorker(t *testing.T) {
	pool := start(t, load(t, "exports.f = async () => { await new Promise((r) => setTimeout(r, 300)) }"), 1)
	began := time.Now()
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			if err := call(pool, "f"); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if took := time.Since(began); took > 50*300*time.Millisecond/2 {
		t.Errorf("50 calls that wait 300 ms took %v together", took)
	}
}

func TestCallThatWaitsTooLong(t *testing.T) {
	f := func(src string) {
		t.Helper()
		began := time.Now()
		err := do(t, src, &processor.Call{})
		if err == nil || err.Error() != "function f took longer than 1s" || time.Since(began) < time.Second {
			t.Errorf("%s: %v after %v", src, err, time.Since(began))
		}
	}
	f("exports.f = (context, events, done) => {}") // forgets done
	f("exports.f = async () => { await new Promise((r) => setTimeout(r, 2000)) }")
	f("exports.f = (context, events, done) => { setInterval(() => {}, 10) }")
}

func TestEndlessCallIsInterrupted(t *testing.T) {
	pool := start(t, load(t, "exports.spin = () => { for (;;) {} }; exports.f = (c) => { c.vars.x = 1 }"), 1)
	began := time.Now()
	err := call(pool, "spin")
	if took := time.Since(began); err == nil || err.Error() != "function spin took longer than 1s" || took < time.Second {
		t.Errorf("%v after %v", err, took)
	}
	got := newVars()
	err = pool.Join().Do(&processor.Call{Functions: []string{"f"}, Vars: got})
	if err != nil || got.now["x"] != "1" {
		t.Errorf("the worker is of no use after the interruption: %v, %v", err, got.now)
	}
}

// TestOthersTimeIsNotCounted: a call that waits is not blamed for a slow one on the same worker.
func TestOthersTimeIsNotCounted(t *testing.T) {
	pool := start(t, load(t, `
exports.wait = async (context) => { context.vars.started = 1; await new Promise((r) => setTimeout(r, 700)) };
exports.spin = () => { const end = Date.now() + 600; while (Date.now() < end) {} }`), 1)
	var calls sync.WaitGroup
	for _, name := range []string{"wait", "spin"} {
		calls.Go(func() {
			if err := call(pool, name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	calls.Wait()
}

func TestEndOfTheRunCutsCalls(t *testing.T) {
	f := func(src string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		pool := load(t, "exports.ready = () => {}; exports.f = "+src).Start(ctx, 1, nil, processor.Hosts{})
		defer pool.Close()
		if err := call(pool, "ready"); err != nil {
			t.Fatal(err)
		}
		var end sync.WaitGroup
		end.Go(func() {
			if err := call(pool, "f"); !errors.Is(err, processor.ErrClosed) {
				t.Errorf("%s: %v", src, err)
			}
		})
		cancel()
		end.Wait()
	}
	f("() => { for (;;) {} }")
	f("(context, events, done) => { setTimeout(done, 900) }")
	f("() => { const n = 7n; return n ** (n ** 9n) }")
}

func TestBoundsOfOneCall(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		if err := do(t, body(src), &processor.Call{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", src, err, want)
		}
	}
	f("for (let i = 0; i < 10001; i++) events.emit('counter', 'c')", "more than 10000 metrics")
	f("for (let i = 0; i < 1001; i++) events.emit('counter', 'c' + i)", "more than 1000 different metrics")
	f("for (let i = 0; i < 1001; i++) console.log(i)", "more than 1,000 lines or 1 MiB of one call")
	f("console.log('x'.repeat(2e6))", "more than 1,000 lines or 1 MiB of one call")
	f("for (let i = 0; i < 1001; i++) setTimeout(() => {}, 900)", "too many timers")
}

// BenchmarkCall is a call of one user after another, and of many at a time. cpu-us/op is the processor time of both
// processes.
func BenchmarkCall(b *testing.B) {
	program := load(b, "exports.f = (context, events, done) => { context.vars.n = context.vars.n + 1; done() }")
	f := func(name string, users int) {
		b.Run(name, func(b *testing.B) {
			pool := program.Start(context.WithoutCancel(b.Context()), 1, nil, processor.Hosts{})
			if err := call(pool, "f"); err != nil {
				b.Fatal(err)
			}
			before := cpuTime()
			b.ReportAllocs()
			b.SetParallelism(users)
			b.RunParallel(func(pb *testing.PB) {
				user, v := pool.Join(), newVars("n", "1")
				for pb.Next() {
					if err := user.Do(&processor.Call{Functions: []string{"f"}, Vars: v}); err != nil {
						b.Error(err)
					}
				}
			})
			b.StopTimer()
			pool.Close()
			b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-us/op")
		})
	}
	f("OneUser", 1) // a pair of them
	f("ManyUsers", 20)
}

// cpuTime is the processor time of this process and of those that it has waited for.
func cpuTime() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		_ = syscall.Getrusage(who, &usage)
		sum += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	return sum
}
