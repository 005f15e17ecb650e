package processor_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/scenarios/processor"
)

var orders = []processor.Order{
	{},
	{
		ID: 1, User: math.MaxUint64, Functions: []string{"f", "g"}, Signature: processor.AfterResponse, Scenario: "é",
		Seed: 7, Vars: []processor.Variable{
			{Name: "a", Value: processor.Value{Kind: processor.Bytes, Text: "\xff\x00"}}, {Name: "gone"},
		},
		Request: []byte("{}"), Response: []byte("[]"), Body: []byte("body"), Error: "ECONNRESET",
	},
}

var outcomes = []processor.Outcome{
	{},
	{ID: 300, Failed: true, Error: "bad", True: true, ExitCode: 18, Changed: []processor.Variable{}},
	{
		Vars:    []processor.Variable{{Name: "n", Value: processor.Value{Kind: processor.Number, Text: "1.5"}}},
		Changed: []processor.Variable{{Name: "url", Value: processor.Value{Kind: processor.Text, Text: "/"}}},
		Metrics: []processor.Metric{{Kind: processor.Histogram, Name: "h", Value: math.Inf(-1)}}, Lines: []string{"", "x\ny"},
	},
}

func TestMessagesAreReadAsTheyWereWritten(t *testing.T) {
	same := cmp.Transformer("text", func(b []byte) string { return string(b) }) // empty and nil are one
	lists := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() != ".Changed" }, cmp.Options{
		cmp.Transformer("functions", func(list []string) map[int]string {
			m := map[int]string{}
			for i, s := range list {
				m[i] = s
			}
			return m
		}),
		cmp.Transformer("variables", func(list []processor.Variable) map[int]processor.Variable {
			m := map[int]processor.Variable{}
			for i, v := range list {
				m[i] = v
			}
			return m
		}),
	})
	for _, want := range orders {
		got, err := processor.ReadOrder(want.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, *got, same, lists); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	for _, want := range outcomes {
		got, err := processor.ReadOutcome(want.Append([]byte("before"))[len("before"):])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, *got, same, lists); diff != "" || (got.Changed == nil) != (want.Changed == nil) {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestCutMessagesAreRefused: at every byte, and with one more.
func TestCutMessagesAreRefused(t *testing.T) {
	order, outcome := orders[1].Append(nil), outcomes[2].Append(nil)
	for n := range order {
		if _, err := processor.ReadOrder(order[:n]); err == nil {
			t.Errorf("an order of %d of %d bytes is read", n, len(order))
		}
	}
	for n := range outcome {
		if _, err := processor.ReadOutcome(outcome[:n]); err == nil {
			t.Errorf("an outcome of %d of %d bytes is read", n, len(outcome))
		}
	}
	if _, err := processor.ReadOrder(append(order, 0)); err == nil {
		t.Error("an order with a byte too many is read")
	}
}

func TestFrames(t *testing.T) {
	var b []byte
	for _, text := range []string{"", "abc"} {
		at := len(b)
		b = processor.EndFrame(append(processor.BeginFrame(b, processor.FrameStray), text...), at)
	}
	from := bytes.NewReader(b)
	for _, want := range []string{"", "abc"} {
		kind, content, err := processor.ReadFrame(from, 3)
		if kind != processor.FrameStray || string(content) != want || err != nil {
			t.Errorf("frame %c %q %v, want %q", kind, content, err, want)
		}
	}
	if _, _, err := processor.ReadFrame(from, 3); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	if _, _, err := processor.ReadFrame(bytes.NewReader(b[5:]), 2); err == nil {
		t.Error("a frame above the bound is read")
	}
	if _, _, err := processor.ReadFrame(bytes.NewReader(b[5:len(b)-1]), 3); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a frame that is cut: %v", err)
	}
	if _, _, err := processor.ReadFrame(bytes.NewReader(make([]byte, 9)), 3); err == nil {
		t.Error("a frame without a kind is read")
	}
}

// blocking is a writer whose first write waits.
type blocking struct {
	begun, release chan struct{}
	writes         []string
}

func (w *blocking) Write(b []byte) (int, error) {
	if len(w.writes) == 0 {
		close(w.begun)
		<-w.release
	}
	w.writes = append(w.writes, string(b))
	return len(b), nil
}

// TestFramesThatWaitGoOutTogether: while one is written others do not wait, and are written at once after it.
func TestFramesThatWaitGoOutTogether(t *testing.T) {
	w := &blocking{begun: make(chan struct{}), release: make(chan struct{})}
	s := processor.NewSender(w)
	send := func(text string) error {
		return s.Send('x', func(b []byte) []byte { return append(b, text...) })
	}
	first := make(chan error)
	go func() { first <- send("1") }()
	<-w.begun
	for _, text := range []string{"2", "3"} {
		if err := send(text); err != nil {
			t.Fatal(err)
		}
	}
	close(w.release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"\x02\x00\x00\x00x1", "\x02\x00\x00\x00x2\x02\x00\x00\x00x3"}, w.writes); diff != "" {
		t.Error(diff)
	}
}

func FuzzMessages(f *testing.F) {
	for i := range orders {
		f.Add(orders[i].Append(nil))
	}
	for i := range outcomes {
		f.Add(outcomes[i].Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := processor.ReadOrder(b); err == nil {
			if again, err := processor.ReadOrder(o.Append(nil)); err != nil || cmp.Diff(o, again) != "" {
				t.Errorf("order %v is then %v, %v", o, again, err)
			}
		}
		if o, err := processor.ReadOutcome(b); err == nil {
			if _, err := processor.ReadOutcome(o.Append(nil)); err != nil {
				t.Errorf("outcome %v: %v", o, err)
			}
		}
		_, _, _ = processor.ReadFrame(bytes.NewReader(b), 1<<16)
	})
}

// TestAWorkerThatDoesNotServe: a program that forgets to call worker.Serve is told so, and starts nothing without end.
func TestAWorkerThatDoesNotServe(t *testing.T) {
	t.Setenv(processor.Mark, "1")
	_, problem := processor.Load(t.Context(), processor.Source{Path: "p.js"}, processor.Options{})
	want := "the processor cannot be loaded: a worker starts no workers: package worker must serve first in main"
	if problem == nil || problem.Msg != want {
		t.Errorf("%+v, want %s", problem, want)
	}
}
