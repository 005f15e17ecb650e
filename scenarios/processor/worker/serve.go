// Package worker is the process in which JavaScript of a script runs: a runtime (grafana/sobek), an event loop, and what
// functions find there beside Node's modules (package node). Package processor is the other side.
//
// One goroutine runs JavaScript: it takes orders, and while a function waits for a timer it runs others. A second one
// reads orders, a third watches the first: what takes too long is interrupted, and when that does not help the worker
// says why and ends. It also ends when it outgrows its memory, and when its standard input ends.
package worker

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"edgescope/scenarios/processor"
)

// Serve makes this process a worker if it was started as one, and does not return then. The main function of a program
// that loads processors calls it first, and so does TestMain of such a package.
func Serve() {
	if os.Getenv(processor.Mark) == "" { //nolint:forbidigo // this is the process
		return
	}
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // they are for the parent, whose end this process sees
	serve(os.Stdin, os.Stdout)                   //nolint:forbidigo // this is the process
	os.Exit(0)                                   //nolint:forbidigo // this is the process
}

// ordersAhead is how many orders are read before they are run.
const ordersAhead = 64

// flushAt is from how many bytes on answers go out though more orders wait.
const flushAt = 64 << 10

// server takes orders and answers them.
type server struct {
	realm *realm
	out   io.Writer
	users map[uint64]*user
	reply []byte // frames that are to go out
}

// message is a frame that was read.
type message struct {
	order *processor.Order
	leave uint64 // the user, if it is no order
}

func serve(in io.Reader, out io.Writer) {
	from := bufio.NewReaderSize(in, 64<<10)
	kind, text, err := processor.ReadFrame(from, 1<<32-1)
	var hello processor.Hello
	if err != nil || kind != processor.FrameHello || json.Unmarshal(text, &hello) != nil {
		return
	}
	give := func(why string) {
		_, _ = out.Write(frame(nil, processor.FrameGiveUp, []byte(why)))
		os.Exit(1) //nolint:forbidigo // this is the process
	}
	bound(hello.Options.Memory, give)
	s := &server{out: out, users: map[uint64]*user{}}
	orders := make(chan message, ordersAhead)
	go read(from, orders) // lives as long as the process
	if s.load(&hello, give) {
		s.work(orders)
	}
}

// load evaluates the source and tells what it exports.
func (s *server) load(hello *processor.Hello, give func(string)) bool {
	loaded := processor.Loaded{}
	s.realm = newRealm(hello, newWatch(give))
	loaded.Names, loaded.Problem = s.realm.load()
	loaded.Lines = s.realm.stray.Lines
	s.realm.stray = processor.Outcome{}
	text, err := json.Marshal(loaded)
	if err != nil {
		return false
	}
	_, err = s.out.Write(frame(nil, processor.FrameLoaded, text))
	return err == nil && loaded.Problem == nil
}

func frame(dst []byte, kind byte, content []byte) []byte {
	at := len(dst)
	return processor.EndFrame(append(processor.BeginFrame(dst, kind), content...), at)
}

// read reads orders. When there are no more the process ends at once, whatever it runs.
func read(from io.Reader, orders chan<- message) {
	for {
		kind, content, err := processor.ReadFrame(from, 1<<32-1)
		if err != nil {
			os.Exit(0) //nolint:forbidigo // this is the process
		}
		m := message{}
		if kind == processor.FrameLeave {
			m.leave, _ = binary.Uvarint(content)
		} else if m.order, err = processor.ReadOrder(content); err != nil {
			os.Exit(1) //nolint:forbidigo // this is the process
		}
		orders <- m
	}
}

// work runs orders and timers, for ever.
func (s *server) work(orders <-chan message) {
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for {
		var ring <-chan time.Time
		if d, ok := s.realm.loop.wake(time.Now()); ok {
			alarm.Reset(d)
			ring = alarm.C
		}
		select {
		case m := <-orders:
			s.take(m)
		case <-ring:
			s.realm.due()
		}
		s.answer(len(orders) == 0)
	}
}

func (s *server) take(m message) {
	if m.order == nil {
		delete(s.users, m.leave)
		return
	}
	u := s.users[m.order.User]
	if u == nil {
		u = s.realm.newUser(m.order)
		s.users[m.order.User] = u
	}
	s.realm.begin(&job{order: m.order, user: u})
}

// answer sends what calls have left, at once if nobody else waits.
func (s *server) answer(idle bool) {
	r := s.realm
	for _, j := range r.finished {
		s.add(processor.FrameResult, &j.outcome)
	}
	r.finished = r.finished[:0]
	if len(r.stray.Lines)+len(r.stray.Metrics) > 0 {
		s.add(processor.FrameStray, &r.stray)
		r.stray, r.strayBytes = processor.Outcome{}, 0
	}
	if len(s.reply) == 0 || !idle && len(s.reply) < flushAt {
		return
	}
	if _, err := s.out.Write(s.reply); err != nil {
		os.Exit(0) //nolint:forbidigo // this is the process
	}
	if s.reply = s.reply[:0]; cap(s.reply) > 1<<20 {
		s.reply = nil
	}
}

// add appends a frame to what is to go out. An outcome that is too large is a failure.
func (s *server) add(kind byte, o *processor.Outcome) {
	o.ExitCode = s.realm.exitCode
	at := len(s.reply)
	s.reply = o.Append(processor.BeginFrame(s.reply, kind))
	if len(s.reply)-at > processor.MaxFrame {
		large := processor.Outcome{ID: o.ID, Failed: true, Error: "what the function left is larger than 64 MiB"}
		s.reply = large.Append(processor.BeginFrame(s.reply[:at], kind))
	}
	s.reply = processor.EndFrame(s.reply, at)
}
