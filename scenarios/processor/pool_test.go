package processor_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/scenarios/processor"
)

// TestWaitingCallsShareAWorker: a function that waits for a timer does not keep the worker from others.
func TestWaitingCallsShareAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := load(t, map[string]string{"p.js": "exports.f = async () => { await new Promise((r) => setTimeout(r, 300)) " +
			"}"}).Start(t.Context(), 1)
		defer pool.Close()
		start := time.Now()
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				if err := pool.Do(&processor.Call{Function: "f", Vars: vars{}}); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("50 calls that wait 300 ms took %v together", took)
		}
	})
}

func TestCallThatWaitsTooLong(t *testing.T) {
	f := func(src string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			pool := load(t, map[string]string{"p.js": src}).Start(t.Context(), 1)
			defer pool.Close()
			start := time.Now()
			err := pool.Do(&processor.Call{Function: "f", Vars: vars{}})
			if err == nil || err.Error() != "function f ran longer than 1s" || time.Since(start) != time.Second {
				t.Errorf("%s: %v after %v", src, err, time.Since(start))
			}
		})
	}
	f("exports.f = (context, events, done) => {}") // forgets done
	f("exports.f = async () => { await new Promise((r) => setTimeout(r, 2000)) }")
	f("exports.f = (context, events, done) => { setInterval(() => {}, 10) }")
}

// TestEndlessCallIsInterrupted needs the real clock: JavaScript that runs lets no fake one go on.
func TestEndlessCallIsInterrupted(t *testing.T) {
	p := load(t, map[string]string{"p.js": "exports.spin = () => { for (;;) {} }; exports.f = (c) => { c.vars.x = 1 }"})
	pool := start(t, p, 1)
	began := time.Now()
	err := pool.Do(&processor.Call{Function: "spin", Vars: vars{}})
	if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "spin ran longer than 1s") ||
		took < time.Second {
		t.Errorf("%v after %v", err, took)
	}
	got := vars{}
	if err := pool.Do(&processor.Call{Function: "f", Vars: got}); err != nil || got["x"] != "1" {
		t.Errorf("the worker is of no use after the interruption: %v, %v", err, got)
	}
}

// TestOthersTimeIsNotCounted: a call that waits is not blamed for a slow one on the same worker.
func TestOthersTimeIsNotCounted(t *testing.T) {
	p := load(t, map[string]string{"p.js": `
exports.wait = async (context) => { context.vars.started = 1; await new Promise((r) => setTimeout(r, 700)) };
exports.spin = () => { const end = Date.now() + 600; while (Date.now() < end) {} }`})
	pool := start(t, p, 1)
	var calls sync.WaitGroup
	calls.Go(func() {
		if err := pool.Do(&processor.Call{Function: "wait", Vars: vars{}}); err != nil {
			t.Errorf("wait: %v", err)
		}
	})
	calls.Go(func() {
		if err := pool.Do(&processor.Call{Function: "spin", Vars: vars{}}); err != nil {
			t.Errorf("spin: %v", err)
		}
	})
	calls.Wait()
}

func TestEndOfTheRunCutsCalls(t *testing.T) {
	f := func(src string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		pool := load(t, map[string]string{"p.js": "exports.ready = () => {}; exports.f = " + src}).Start(ctx, 1)
		defer pool.Close()
		if err := pool.Do(&processor.Call{Function: "ready", Vars: vars{}}); err != nil {
			t.Fatal(err)
		}
		var call sync.WaitGroup
		call.Go(func() {
			if err := pool.Do(&processor.Call{Function: "f", Vars: vars{}}); !errors.Is(err, processor.ErrClosed) {
				t.Errorf("%s: %v", src, err)
			}
		})
		cancel()
		call.Wait()
	}
	f("() => { for (;;) {} }")
	f("(context, events, done) => { setTimeout(done, 900) }")
}

func TestBoundsOfOneCall(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		if err := do(t, body(src), &processor.Call{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", src, err, want)
		}
	}
	f("for (let i = 0; i < 10001; i++) events.emit('counter', 'c')", "more than 10000 metrics")
	f("for (let i = 0; i < 1001; i++) console.log(i)", "too many lines")
	f("for (let i = 0; i < 1001; i++) setTimeout(() => {}, 900)", "too many timers")
}

func BenchmarkCall(b *testing.B) {
	pool := start(b, load(b, map[string]string{"p.js": "exports.f = (context, events, done) => { context.vars.n = " +
		"context.vars.n + 1; done() }"}), 1)
	v := vars{"n": "1"}
	b.ReportAllocs()
	for b.Loop() {
		if err := pool.Do(&processor.Call{Function: "f", Vars: v}); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"exports.f = () => {}", "export const f = async () => { await 1 }", "import a from './a.js'; export default a",
		"require('crypto')",
		"module.exports = {f: function (context, events, done) { return done(); }}", "class A { #p = 1; static { fetch() } }",
		"`${process.env.X}`",
		"(", "export", "#!/bin/sh", "for (const [a, {b = 1}] of c) label: while (1) break label", "new (require('x'))()",
		"process?.exit?.()",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(src, "while") || strings.Contains(src, "for") || strings.Contains(src, "repeat") ||
			len(src) > 500 {
			t.Skip("may run for long, as any JavaScript may")
		}
		p, problems := processor.Load("p.js", options(map[string]string{"p.js": src}))
		if (p == nil) == (len(problems) == 0) {
			t.Errorf("program %v, problems %v", p, problems)
		}
	})
}
