package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"edgescope/internal/run/runtest"
)

// dial opens a connection to a listener of the collector; it is closed when the test ends.
func (o *overload) dial(listener string) net.Conn {
	conn, err := net.Dial("tcp", o.c.Addr(listener))
	if err != nil {
		o.Fatalf("connect to %s: %v", listener, err)
	}
	o.Cleanup(func() { conn.Close() })
	return conn
}

// served tells that a good request is answered while an attack goes on.
func (o *overload) served(during string) {
	o.Helper()
	if status := o.send("/v1/traces", "", spanBatch(1<<30+len(o.answers), 1, nil), 1); status != http.StatusOK {
		o.Errorf("a good span during %s: %d, want 200", during, status)
	}
}

// slowSenders begin requests and do not end them: a body that was promised, chunks without end, headers without end.
func (o *overload) slowSenders() {
	const head = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	n := o.amount(100, 300)
	for range n {
		io.WriteString(o.dial("ingest"), head+"Content-Length: 20000000\r\n\r\n{")
		io.WriteString(o.dial("ingest"), head+"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
		io.WriteString(o.dial("ingest"), head+"X-Slow: ")
	}
	o.served("slow senders")
	// Bodies without end are cut at the limit, and headers at theirs.
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			o.endless(head+"Transfer-Encoding: chunked\r\n\r\n",
				fmt.Sprintf("%x\r\n%s\r\n", 1<<20, strings.Repeat(" ", 1<<20)), 80)
		})
		all.Go(func() { o.endless(head, "X-Flood: "+strings.Repeat("x", 1<<10)+"\r\n", 200) })
	}
	all.Wait()
	o.served("bodies without end")
}

// endless sends a part again and again; the collector must end it.
func (o *overload) endless(head, part string, most int) {
	conn := o.dial("ingest")
	io.WriteString(conn, head)
	for range most {
		if _, err := io.WriteString(conn, part); err != nil {
			return // it was cut
		}
	}
	conn.SetReadDeadline(time.Now().Add(slowest))
	answer := make([]byte, 12)
	if _, err := io.ReadFull(conn, answer); err == nil && !bytes.HasPrefix(answer, []byte("HTTP/1.1 4")) {
		o.Errorf("what has no end is answered %q, want 4xx", answer)
	}
}

// slowReaders ask and do not read the answers. Each has many requests under way on one connection.
func (o *overload) slowReaders() {
	body := []byte(`{"resourceSpans":[]}`)
	request := fmt.Sprintf("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "+
		"%d\r\n\r\n%s", len(body), body)
	for range o.amount(50, 500) {
		conn := o.dial("ingest")
		conn.(*net.TCPConn).SetReadBuffer(1 << 10)
		conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		io.WriteString(conn, strings.Repeat(request, o.amount(200, 2000))) // until both buffers are full
	}
	o.served("slow readers")
}

// slowQuestions ask for all that there is and do not read it.
func (o *overload) slowQuestions() {
	o.each(4, 40, func(i int) { o.send("/v1/traces", "", spanBatch(i, 500, nil), 500) })
	for range o.amount(30, 200) {
		conn := o.dial("query")
		conn.(*net.TCPConn).SetReadBuffer(1 << 10)
		io.WriteString(conn, "GET /select/logsql/query?query=*&start=1h HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}
	o.served("slow readers of long answers")
}

// idleConnections are opened, more than the collector wants to have, and left alone.
func (o *overload) idleConnections() {
	for range o.amount(1500, 4000) {
		o.dial("ingest")
	}
	for range o.amount(300, 1500) {
		conn := o.dial("otlp-grpc")
		io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	}
	o.served("idle connections")
}

// slowMessages promise messages of 20 MB over gRPC and send the first bytes of them.
func (o *overload) slowMessages() {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	first := append([]byte{0, 0x01, 0x31, 0x2d, 0}, make([]byte, 1<<10)...)
	var all sync.WaitGroup
	var held []*io.PipeWriter
	for range o.amount(200, 2000) {
		body, write := io.Pipe()
		held = append(held, write)
		req, err := http.NewRequestWithContext(o.Context(), http.MethodPost,
			o.c.URL("otlp-grpc")+"/opentelemetry.proto.collector.trace.v1.TraceService/Export", body)
		if err != nil {
			o.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/grpc")
		all.Go(func() {
			if res, err := transport.RoundTrip(req); err == nil {
				res.Body.Close()
			}
		})
		all.Go(func() { write.Write(first) })
	}
	runtest.Eventually(o.T, func() string { return "no message is being received" }, func() bool {
		_, text, err := runtest.Get(o.Context(), o.c.URL("query")+"/metrics")
		return err == nil && metricOf(text, "edgescope_doors_in_flight_bytes") > 8<<20
	})
	o.served("messages that do not come")
	for _, w := range held {
		w.CloseWithError(io.ErrUnexpectedEOF)
	}
	all.Wait()
}
