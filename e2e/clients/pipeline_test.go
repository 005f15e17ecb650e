package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"edgescope/e2e"
)

// pipeline is the OpenTelemetry Collector in front of ours, as deploy/otel-collector has it. Both can be killed and
// started again, each with its data and its addresses.
type pipeline struct {
	path, queue       string // the program and its queue
	grpcAddr, address string // where senders come
	data, tokens      string
	ours              *e2e.Program
	front             *e2e.Program
	frontDown         bool         // it is killed: nobody answers
	sent              atomic.Int64 // spans that were answered with success
	oursAt            string
}

const (
	pipelineWriter = "the-pipeline-writes-0123456789" //nolint:gosec // of this test's collector
	pipelineReader = "the-pipeline-is-read-0123456789"
)

// TestPipelineLosesNothing: while spans flow through the OpenTelemetry Collector, our collector is killed three times
// and the one in front once, with a full queue. What was answered with success is stored once, and counted once.
func TestPipelineLosesNothing(t *testing.T) {
	t.Parallel()
	p := openPipeline(t)
	p.startOurs(t)
	p.startFront(t)

	sending, stop := context.WithCancel(t.Context())
	var sender sync.WaitGroup
	sender.Go(func() { p.send(sending) })
	steps := []func(){
		func() { p.kill(t, p.ours) }, func() { p.startOurs(t) },
		func() { p.kill(t, p.ours) }, func() { p.killFront(t) }, func() { p.startFront(t) }, func() { p.startOurs(t) },
		func() { p.kill(t, p.ours) }, func() { p.startOurs(t) },
	}
	for _, step := range steps {
		p.flow(t, 200)
		step()
	}
	stop()
	sender.Wait()
	sent := int(p.sent.Load())
	c := collector{Program: p.ours, token: pipelineReader}
	var rows, ids int
	eventually(t, func() string { return fmt.Sprintf("%d rows of %d spans are stored, want %d", rows, ids, sent) },
		func() bool {
			var n struct{ Rows, IDs string }
			_ = json.Unmarshal(c.ask(t, "/select/logsql/query", spans, "query",
				`"service.name":="piped" | stats count() rows, count_uniq(span_id) ids`), &n)
			rows, _ = strconv.Atoi(n.Rows)
			ids, _ = strconv.Atoi(n.IDs)
			return ids >= sent
		})
	// A span whose answer was lost may be there too: it is sent again until there is one.
	if rows != ids || ids != sent {
		t.Errorf("%d rows of %d spans are stored, want %d", rows, ids, sent)
	}
	c.expectValue(t, `sum(sum_over_time(edge_service_requests{service_name="piped"}[1h]))`, float64(sent))
}

// flow waits until so many more spans were answered with success, unless the Collector that answers is killed.
func (p *pipeline) flow(t *testing.T, spans int64) {
	t.Helper()
	want := p.sent.Load() + spans
	eventually(t, func() string { return fmt.Sprintf("%d spans were answered, want %d", p.sent.Load(), want) },
		func() bool { return p.frontDown || p.sent.Load() >= want })
}

func openPipeline(t *testing.T) *pipeline {
	t.Helper()
	p := &pipeline{
		path: filepath.Join(bin, "otelcollector"), queue: t.TempDir(), data: t.TempDir(), oursAt: "127.0.0.1:0",
		tokens: filepath.Join(t.TempDir(), "tokens.yml"), grpcAddr: freeAddr(t), address: freeAddr(t),
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", p.path, ".")
	build.Dir = "otelcollector"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the OpenTelemetry Collector: %v: %s", err, out)
	}
	text := "tenants: [{id: 1, name: shop}]\ntokens:\n  - {token: " + pipelineWriter + ", tenant: shop, scopes: [write]}\n" +
		"  - {token: " + pipelineReader + ", tenant: shop, scopes: [read]}\n"
	if err := os.WriteFile(p.tokens, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// freeAddr returns an address where nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startOurs starts our collector, where it was before if it was there.
func (p *pipeline) startOurs(t *testing.T) {
	p.ours = start(t, e2e.Command{
		Path: filepath.Join(bin, "collector"),
		Args: []string{
			"--data-dir", p.data, "--otlp-grpc-addr", "127.0.0.1:0", "--query-addr", "127.0.0.1:0", "--tokens", p.tokens,
			"--otlp-http-addr", p.oursAt,
		},
		Listeners: []string{"otlp-grpc", "ingest", "query"},
	})
	p.oursAt = p.ours.Addr("ingest")
}

func (p *pipeline) startFront(t *testing.T) {
	defer func() { p.frontDown = false }()
	p.front = start(t, e2e.Command{
		Path: p.path, Args: []string{"--config", filepath.Join("..", "..", "deploy", "otel-collector", "config.yaml")},
		Env: []string{
			"QUEUE_DIR=" + p.queue, "OTLP_GRPC_ADDR=" + p.grpcAddr, "OTLP_HTTP_ADDR=" + p.address,
			"EDGESCOPE_URL=http://" + p.oursAt, "EDGESCOPE_TOKEN=" + pipelineWriter,
		},
	})
	eventually(t, func() string { return "the OpenTelemetry Collector does not listen" }, func() bool {
		conn, err := net.Dial("tcp", p.address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

func (p *pipeline) killFront(t *testing.T) {
	t.Helper()
	p.kill(t, p.front)
	p.frontDown = true
}

func (*pipeline) kill(t *testing.T, program *e2e.Program) {
	t.Helper()
	if err := program.Kill(); err != nil {
		t.Error(err)
	}
}

// send sends spans until the context ends, each until it is answered with success, and counts them in sent.
func (p *pipeline) send(ctx context.Context) {
	const perRequest = 3
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for ; ctx.Err() == nil; <-pace.C {
		sent := int(p.sent.Load())
		var list []string
		at := time.Now().UnixNano()
		for i := range perRequest {
			list = append(list, fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x","kind":2,"name":"GET /","startTimeUnixNano":"%d",`+
				`"endTimeUnixNano":"%d"}`, sent+i+1, sent+i+1, at-1e6, at))
		}
		body := `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"piped"}}]},` +
			`"scopeSpans":[{"spans":[` + strings.Join(list, ",") + `]}]}]}`
		for p.post(ctx, body) != nil { // also when nobody waits for more: the front may have it already
			<-pace.C
		}
		p.sent.Add(perRequest)
	}
}

func (p *pipeline) post(ctx context.Context, body string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.address+"/v1/traces", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}
