package processor

import (
	"encoding/binary"
	"errors"
	"math"
)

// The messages between the two sides, each a frame: what the worker is to run ([Hello], once), calls, users that have
// left; what the source exports ([Loaded], once), the outcomes of calls, what was printed or emitted while no call ran,
// and why the worker ends.
const (
	FrameHello  = 'h'
	FrameCall   = 'c'
	FrameLeave  = 'l'
	FrameLoaded = 'L'
	FrameResult = 'r'
	FrameStray  = 's'
	FrameGiveUp = 'g'
)

// Hello is the first message to a worker, as JSON.
type Hello struct {
	Source  Source
	Options Options
	Shared  []Variable // what all users share
}

// Loaded is the first message of a worker, as JSON: the functions that the source exports, sorted, or what is wrong.
type Loaded struct {
	Names   []string
	Problem *Problem
	Lines   []string // what it printed
}

// Order is a [Call] on its way to a worker.
type Order struct {
	ID, User  uint64
	Functions []string
	Signature Signature
	Scenario  string
	Seed      uint64
	Vars      []Variable // that have changed

	Request, Response, Body []byte
	Error                   string
}

// Outcome is what came of an order. Stray output has no ID.
type Outcome struct {
	ID       uint64
	Failed   bool
	Error    string // when it failed
	True     bool
	ExitCode int64 // 1 + what global.artillery.suggestedExitCode was set to; 0: it was not
	Vars     []Variable
	Changed  []Variable
	Metrics  []Metric
	Lines    []string
}

// errMessage is the error of bytes that are no message.
var errMessage = errors.New("not a message of a processor's worker")

// Append encodes the order.
func (o *Order) Append(dst []byte) []byte {
	w := writer{dst}
	w.uint(o.ID)
	w.uint(o.User)
	w.list(len(o.Functions))
	for _, name := range o.Functions {
		w.text(name)
	}
	w.b = append(w.b, byte(o.Signature))
	w.text(o.Scenario)
	w.uint(o.Seed)
	w.variables(o.Vars)
	w.text(string(o.Request))
	w.text(string(o.Response))
	w.text(string(o.Body))
	w.text(o.Error)
	return w.b
}

// ReadOrder decodes an order. It keeps nothing of b.
func ReadOrder(b []byte) (*Order, error) {
	r := reader{b: b}
	o := &Order{ID: r.uint(), User: r.uint()}
	o.Functions = make([]string, r.list(1))
	for i := range o.Functions {
		o.Functions[i] = r.text()
	}
	o.Signature = Signature(r.byte())
	o.Scenario, o.Seed = r.text(), r.uint()
	o.Vars = r.variables()
	o.Request, o.Response, o.Body = []byte(r.text()), []byte(r.text()), []byte(r.text())
	o.Error = r.text()
	return o, r.end()
}

// Append encodes the outcome.
func (o *Outcome) Append(dst []byte) []byte {
	w := writer{dst}
	w.uint(o.ID)
	w.bool(o.Failed)
	w.text(o.Error)
	w.bool(o.True)
	w.uint(uint64(o.ExitCode))
	w.variables(o.Vars)
	w.bool(o.Changed != nil)
	w.variables(o.Changed)
	w.list(len(o.Metrics))
	for _, m := range o.Metrics {
		w.text(string(m.Kind))
		w.text(m.Name)
		w.uint(math.Float64bits(m.Value))
	}
	w.list(len(o.Lines))
	for _, line := range o.Lines {
		w.text(line)
	}
	return w.b
}

// ReadOutcome decodes an outcome. It keeps nothing of b.
func ReadOutcome(b []byte) (*Outcome, error) {
	r := reader{b: b}
	o := &Outcome{ID: r.uint(), Failed: r.bool(), Error: r.text(), True: r.bool(), ExitCode: int64(r.uint())}
	o.Vars = r.variables()
	if changed := r.bool(); changed {
		o.Changed = r.variables()
	} else {
		r.variables()
	}
	if n := r.list(3); n > 0 {
		o.Metrics = make([]Metric, n)
	}
	for i := range o.Metrics {
		o.Metrics[i] = Metric{Kind: MetricKind(r.text()), Name: r.text(), Value: math.Float64frombits(r.uint())}
	}
	if n := r.list(1); n > 0 {
		o.Lines = make([]string, n)
	}
	for i := range o.Lines {
		o.Lines[i] = r.text()
	}
	return o, r.end()
}

// writer appends the parts of a message: numbers as uvarints, texts and lists after their length.
type writer struct{ b []byte }

func (w *writer) uint(n uint64) { w.b = binary.AppendUvarint(w.b, n) }
func (w *writer) list(n int)    { w.uint(uint64(n)) }
func (w *writer) text(s string) { w.list(len(s)); w.b = append(w.b, s...) }

func (w *writer) bool(truth bool) {
	c := byte(0)
	if truth {
		c = 1
	}
	w.b = append(w.b, c)
}

func (w *writer) variables(list []Variable) {
	w.list(len(list))
	for _, v := range list {
		w.text(v.Name)
		w.b = append(w.b, byte(v.Value.Kind))
		w.text(v.Value.Text)
	}
}

// reader takes the parts of a message. After the first that is wrong all are empty.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uint() uint64 {
	n, used := binary.Uvarint(r.b)
	if used <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[used:]
	return n
}

// list is the length of a list or text, each element of which takes at least so many bytes.
func (r *reader) list(least int) int {
	n := r.uint()
	if n > uint64(len(r.b)/least) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.list(1)
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) bool() bool { return r.byte() == 1 }

func (r *reader) variables() []Variable {
	list := make([]Variable, r.list(3))
	for i := range list {
		list[i] = Variable{r.text(), Value{Kind(r.byte()), r.text()}}
	}
	return list
}

func (r *reader) fail() { r.b, r.bad = nil, true }

func (r *reader) end() error {
	if r.bad || len(r.b) > 0 {
		return errMessage
	}
	return nil
}
