package load_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/scenarios"
)

// conversation is a run of one user over a WebSocket: what the server heard, what was counted and logged, what the
// exchanges came to, and how the user ended.
type conversation struct {
	Heard   []string
	Told    []string
	Results []string
}

// talk runs a flow against a server that says what answer says to each message.
func talk(t *testing.T, config, flow string, answer func(ctx context.Context, p *loadtest.Peer, text string)) conversation {
	t.Helper()
	var c conversation
	var mu sync.Mutex
	target := loadtest.ServeSockets(t, func(ctx context.Context, p *loadtest.Peer) {
		for {
			_, text, err := p.Read(ctx)
			mu.Lock()
			if err == nil {
				c.Heard = append(c.Heard, string(text))
			}
			mu.Unlock()
			if err != nil {
				return
			}
			answer(ctx, p, string(text))
		}
	})
	script := "config:\n  phases: [{duration: 1ms, arrivalCount: 1}]\n  variables: {n: 5}\n  " + config +
		"\nscenarios:\n  - engine: ws\n    name: chat\n    flow:\n      " + strings.ReplaceAll(flow, "\n", "\n      ") + "\n"
	for _, e := range loadtest.Run(t, target, script, load.Options{UserAgent: "test"}) {
		switch e := e.(type) {
		case *load.Result:
			c.Results = append(c.Results, fmt.Sprintf("%s %d %s%s", e.Attack, e.Code, e.Failure, sums(t, e)))
		case *load.Line:
			c.Told = append(c.Told, "log "+e.Text)
		case *load.Metric:
			c.Told = append(c.Told, fmt.Sprint(e.Name, " ", e.Value))
		case *load.UserEnd:
			c.Told = append(c.Told, "end "+e.Err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	return c
}

// sums tells when the phases of a result are not its latency.
func sums(t *testing.T, r *load.Result) string {
	t.Helper()
	if r.Latency != r.Response() || r.Latency < 0 || r.TTFB < 0 || r.Download < 0 || r.ConnWait < 0 {
		return fmt.Sprintf(" latency %v of %+v", r.Latency, r.Timing)
	}
	return ""
}

func send(ctx context.Context, p *loadtest.Peer, texts ...string) {
	for _, text := range texts {
		_ = p.Write(ctx, 1, []byte(text))
	}
}

const capture = "capture: {json: $.id, as: id}"

func TestConversations(t *testing.T) {
	f := func(name, config, flow string, answer func(context.Context, *loadtest.Peer, string), want conversation) {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, talk(t, config, flow, answer)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	echo := func(ctx context.Context, p *loadtest.Peer, text string) { send(ctx, p, text) }
	f("an answer is captured from and used", "", `- connect: /chat
- send: {payload: {id: "{{ n }}"}, `+capture+`}
- send: {payload: "{\"id\":\"{{ id }}!\"}", `+capture+`, name: second}
- log: "{{ id }}"`, echo, conversation{
		Heard: []string{`{"id":5}`, `{"id":"5!"}`},
		Told: []string{
			"websocket.messages_sent 1", "websocket.messages_received 1", "websocket.messages_sent 1",
			"websocket.messages_received 1", "log 5!", "end ",
		},
		Results: []string{"chat/connect /chat 101 ", `chat/send {"id":"{{ n }}"} 101 `, "chat/second 101 "},
	})
	f("what was not waited for is forgotten", "", `- send: one
- loop: [{think: 10ms}]
  count: 3
- send: {payload: '{"id":2}', `+capture+`}
- log: "{{ id }}"`, echo, conversation{
		Heard: []string{"one", `{"id":2}`},
		Told: []string{
			"websocket.messages_sent 1", "websocket.messages_sent 1", "websocket.messages_received 1", "log 2", "end ",
			"edgescope.websocket.messages_ignored 1",
		},
		Results: []string{"chat/connect / 101 ", `chat/send {"id":2} 101 `},
	})
	f("a later step takes the further answers", "", `- send: {payload: go, `+capture+`}
- wait: {`+capture+`}
- think: 20ms
- send: {`+capture+`}
- log: "{{ id }}"`, func(ctx context.Context, p *loadtest.Peer, _ string) {
		send(ctx, p, `{"id":1}`, `{"id":2}`, `{"id":3}`, `{"id":4}`)
	}, conversation{
		Heard: []string{"go"},
		Told: []string{
			"websocket.messages_sent 1", "websocket.messages_received 1", "websocket.messages_received 1",
			"websocket.messages_received 1", "log 3", "end ", "edgescope.websocket.messages_ignored 1",
		},
		Results: []string{"chat/connect / 101 ", "chat/send go 101 ", "chat/wait 101 ", "chat/wait 101 "},
	})
	f("a mismatch ends the user, and the message came all the same", "", `- send: {payload: {id: 1}, match: {json: $.id, value: 2}}
- send: more`, echo, conversation{
		Heard: []string{`{"id":1}`},
		Told: []string{
			"websocket.messages_sent 1", "websocket.messages_received 1", "end Failed capture or match",
		},
		Results: []string{"chat/connect / 101 ", `chat/send {"id":1} 101 `},
	})
	f("an empty message is none", "", "- send: {payload: x, "+capture+"}", func(ctx context.Context, p *loadtest.Peer, _ string) {
		send(ctx, p, "")
	}, conversation{
		Heard: []string{"x"},
		Told: []string{
			"websocket.messages_sent 1", "websocket.messages_received 1", "end Empty response from WS server",
		},
		Results: []string{"chat/connect / 101 ", "chat/send x 101 Empty response from WS server"},
	})
	silent := func(context.Context, *loadtest.Peer, string) {}
	f("no answer in time", "ws: {timeout: 50ms}", "- send: {payload: x, "+capture+"}\n- send: y", silent, conversation{
		Heard:   []string{"x"},
		Told:    []string{"websocket.messages_sent 1", "end response timeout"},
		Results: []string{"chat/connect / 101 ", "chat/send x 0 response timeout"},
	})
	f("a server that refuses", "", "- connect: /status/403\n- send: x", silent, conversation{
		Told:    []string{"end Unexpected server response: 403"},
		Results: []string{"chat/connect /status/403 403 Unexpected server response: 403"},
	})
	f("a server that closes", "", "- send: {payload: x, "+capture+"}", func(_ context.Context, p *loadtest.Peer, _ string) {
		_ = p.Close(4001, "mine")
	}, conversation{
		Heard:   []string{"x"},
		Told:    []string{"websocket.messages_sent 1", "end WebSocket closed with 4001"},
		Results: []string{"chat/connect / 101 ", "chat/send x 0 WebSocket closed with 4001"},
	})
	f("a message after the end", "", "- send: x\n- think: 50ms\n- send: y", func(_ context.Context, p *loadtest.Peer, _ string) {
		_ = p.Close(1001, "")
	}, conversation{
		Heard: []string{"x"},
		Told: []string{
			"websocket.messages_sent 1", "end WebSocket is not open: readyState 3 (CLOSED)",
		},
		Results: []string{"chat/connect / 101 ", "chat/send y 0 WebSocket is not open: readyState 3 (CLOSED)"},
	})
	f("the server's end is no failure of who has said all", "", "- send: x\n- think: 20ms",
		func(_ context.Context, p *loadtest.Peer, _ string) { _ = p.Raw.Close() }, conversation{
			Heard: []string{"x"}, Told: []string{"websocket.messages_sent 1", "end "},
			Results: []string{"chat/connect / 101 "},
		})
	f("an end without a word", "", "- send: {payload: x, "+capture+"}", func(_ context.Context, p *loadtest.Peer, _ string) {
		_ = p.Raw.Close()
	}, conversation{
		Heard:   []string{"x"},
		Told:    []string{"websocket.messages_sent 1", "end WebSocket closed with 1006"},
		Results: []string{"chat/connect / 101 ", "chat/send x 0 WebSocket closed with 1006"},
	})
	f("a reset", "", "- send: {payload: x, "+capture+"}", func(_ context.Context, p *loadtest.Peer, _ string) {
		_ = p.Raw.(*net.TCPConn).SetLinger(0)
		_ = p.Raw.Close()
	}, conversation{
		Heard:   []string{"x"},
		Told:    []string{"websocket.messages_sent 1", "end ECONNRESET"},
		Results: []string{"chat/connect / 101 ", "chat/send x 0 ECONNRESET"},
	})
}

// The interruption of a run ends its WebSockets at once, and fails nobody.
func TestInterruptionEndsWebSockets(t *testing.T) {
	target := loadtest.ServeSockets(t, func(ctx context.Context, p *loadtest.Peer) {
		for err := error(nil); err == nil; {
			_, _, err = p.Read(ctx)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	p := loadtest.Plan(t, target, loadtest.OneUser+"scenarios: [{engine: ws, flow: [{send: {payload: x, "+capture+"}}]}]")
	runner, err := load.New(p, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var events []load.Event
	err = runner.Run(ctx, func(e load.Event) {
		if events = append(events, e); len(events) == 4 { // the phase, the user, its connection, its message
			cancel()
		}
	})
	if err == nil {
		t.Error("an interrupted run has no error")
	}
	got := loadtest.Tell(events)
	if got["users cut"] != 1 || got["requests cut"] != 1 {
		t.Errorf("got %v, want one user and one request cut", got)
	}
}

// A handshake is measured as a request is.
func TestHandshakesAreMeasured(t *testing.T) {
	target := loadtest.ServeSockets(t, loadtest.Echo)
	r := loadtest.Results(loadtest.Run(t, target, loadtest.OneUser+"scenarios: [{engine: ws, flow: [{send: x}]}]",
		load.Options{}))[0]
	if r.Kind != load.KindConnect || r.TCP <= 0 || r.TTFB <= 0 || r.Waited <= 0 || r.Waited > r.TTFB || r.Reused ||
		r.Connection == nil || "ws://"+r.Connection.Remote != target || r.URL != target+"/" || r.Sent.IsZero() {
		t.Errorf("the handshake is %+v over %+v", r, r.Connection)
	}
	if sum := r.Lag + r.ConnWait + r.DNS + r.TCP + r.TLS + r.TTFB + r.Download; sum != r.Latency ||
		r.Latency > 5*time.Second {
		t.Errorf("the parts are %v, the whole is %v", sum, r.Latency)
	}
}

// A function may change the handshake, and what it changes beyond that fails the user by name.
func TestFunctionChangesTheHandshake(t *testing.T) {
	asked := make(chan string, 1)
	target := loadtest.ServeSockets(t, func(ctx context.Context, p *loadtest.Peer) {
		asked <- p.Request.URL.String() + " " + p.Request.Header.Get("X-Token") + " " + p.Subprotocol()
		loadtest.Echo(ctx, p)
	})
	f := func(body, want, end string) {
		t.Helper()
		src := "exports.f = function(args, context, done) {" + body + "; done(); };"
		script := "config:\n  processor: p.js\n  target: " + target + "\n  variables: {user: u1}\n" +
			"  phases: [{duration: 1ms, arrivalCount: 1}]\n" +
			"scenarios: [{engine: ws, flow: [{connect: {function: f, subprotocols: [a]}}, {log: '{{ seen }}'}]}]"
		p, err := scenarios.Load(scenarios.Options{Files: []string{"s.yml"}, ReadFile: func(name string) ([]byte, error) {
			if strings.HasSuffix(name, ".js") {
				return []byte(src), nil
			}
			return []byte(script), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		events, err := record(t.Context(), t, p, load.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		select {
		case got = <-asked:
		default:
		}
		if ends := loadtest.Tell(events); got != want || ends[end] != 1 {
			t.Errorf("%s: asked for %q, ended %v; want %q, %s", body, got, ends, want, end)
		}
	}
	f("", "/  a", "completed")
	f("args.target += '/x?u=' + context.vars.user; args.options.headers['x-token'] = 7; args.subprotocols = ['b', 'a']",
		"/x?u=u1 7 b", "completed")
	f("args.subprotocols.pop(); args.options = {headers: {'X-Token': 'new'}}", "/ new ", "completed")
	f("args.options.agent = {}", "", "failed: connect.function changed another option than headers, which is not supported")
	f("args.agent = 1", "", "failed: connect.function changed another argument than options, subprotocols and target, "+
		"which is not supported")
	f("args.options = null", "", "failed: connect.function changed options to what is no object, which is not supported")
	f("args.target = 'nowhere'", "", "failed: ERR_INVALID_URL")
	f("args.target = undefined", "", "failed: ERR_INVALID_URL")
	f("args.options.headers.a = 'b\\nc'", "", "failed: ERR_INVALID_CHAR")
	f("throw new Error('no token')", "", "failed: no token")
}

// A handshake that is sampled announces its span to the server; a message has a span of its own.
func TestSpansOfWebSockets(t *testing.T) {
	memory := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(memory))
	announced := make(chan string, 1)
	target := loadtest.ServeSockets(t, func(ctx context.Context, p *loadtest.Peer) {
		announced <- p.Request.Header.Get("Traceparent")
		loadtest.Echo(ctx, p)
	})
	loadtest.Run(t, target, loadtest.OneUser+"scenarios: [{engine: ws, flow: [{connect: /chat}, {send: {payload: {id: 1}, "+
		capture+", name: ask}}]}]", load.Options{Tracer: provider.Tracer("test")})
	spans := memory.GetSpans()
	if len(spans) != 2 || spans[0].Name != "connect /chat" || spans[1].Name != "ask" {
		t.Fatalf("spans %+v", spans)
	}
	id := spans[0].SpanContext
	if got := <-announced; got != "00-"+id.TraceID().String()+"-"+id.SpanID().String()+"-01" {
		t.Errorf("the server was told %q of span %s", got, id.SpanID())
	}
	for _, s := range spans {
		if !s.EndTime.After(s.StartTime) || s.EndTime.Sub(s.StartTime) > 5*time.Second {
			t.Errorf("span %s lasts from %v to %v", s.Name, s.StartTime, s.EndTime)
		}
	}
}
