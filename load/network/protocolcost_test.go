package network_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/network"
	"edgescope/scenarios"
)

// benchServers are the addresses of servers in a process of their own, by protocol, so that the CPU time of this one is
// the client's.
type benchServers struct {
	URLs map[string]string
	CA   string
}

const serveForBenchmarks = "EDGESCOPE_SERVE_FOR_BENCHMARKS"

// TestServeForBenchmarks is no test: the benchmarks start it as their server. It ends with its standard input.
func TestServeForBenchmarks(t *testing.T) {
	if os.Getenv(serveForBenchmarks) == "" {
		t.Skip("it serves the benchmarks that start it")
	}
	body := make([]byte, 200)
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(body) })
	id := newIdentity(t, "bench.test")
	pair, err := tls.X509KeyPair(id.cert, id.key)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler: answer, Protocols: &protocols, TLSConfig: config,
		ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute,
	}
	plain, secure := listen(), listen()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h3 := &http3.Server{Handler: answer, TLSConfig: http3.ConfigureTLSConfig(config)}
	go server.Serve(plain)
	go server.ServeTLS(secure, "", "")
	go h3.Serve(socket)
	line, _ := json.Marshal(benchServers{CA: string(id.cert), URLs: map[string]string{
		"plain": "http://" + plain.Addr().String(), "h2c": "http://" + plain.Addr().String(),
		"tls": "https://" + secure.Addr().String(), "h2": "https://" + secure.Addr().String(),
		"h3": "https://" + socket.LocalAddr().String(),
	}})
	fmt.Println(string(line))
	io.Copy(io.Discard, os.Stdin)
	h3.Close()
	server.Close()
	socket.Close()
}

func startBenchServers(b *testing.B) *benchServers {
	b.Helper()
	c := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestServeForBenchmarks$", "-test.timeout=0")
	c.Env = append(os.Environ(), serveForBenchmarks+"=1")
	stdin, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		c.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		b.Fatal(err)
	}
	var s benchServers
	if err := json.Unmarshal(line, &s); err != nil {
		b.Fatalf("%s: %v", line, err)
	}
	return &s
}

var benchProtocols = map[string]network.Protocol{
	"plain": network.HTTP1, "tls": network.HTTP1, "h2c": network.H2C,
	"h2": network.HTTP2, "h3": network.HTTP3,
}

// benchRun is one run against a server.
type benchRun struct {
	name            string // of the server
	config          string // further keys of config
	users, requests int    // of each user
	sessions        network.Sessions
}

// cost runs users that send all their requests to one server, and returns the CPU time of one request.
func (s *benchServers) cost(b *testing.B, run *benchRun) time.Duration {
	b.Helper()
	name, users, requests := run.name, run.users, run.requests
	arrivals := 10 * time.Millisecond
	if name == "h3" { // a server of QUIC refuses handshakes that it cannot keep up with
		arrivals = time.Duration(users) * 3 * time.Millisecond
	}
	script := fmt.Sprintf("config: {%s phases: [{duration: %dms, arrivalCount: %d}], tls: {ca: %s, servername: "+
		"bench.test}}\n"+
		"scenarios: [{flow: [{loop: [{get: {url: /}}], count: %d}]}]", run.config, arrivals.Milliseconds(), users,
		quote(s.CA), requests)
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"bench.yml"}, Target: s.URLs[name],
		ReadFile: func(string) ([]byte, error) { return []byte(script), nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	runner, err := load.New(p, load.Options{Network: network.Options{
		Protocol: benchProtocols[name],
		Sessions: run.sessions,
	}})
	if err != nil {
		b.Fatal(err)
	}
	answers := 0
	before := loadtest.CPU()
	err = runner.Run(context.Background(), func(e load.Event) {
		if r, ok := e.(*load.Result); ok && r.Code == 200 && r.Failure == "" {
			answers++
		} else if ok {
			b.Fatalf("%s: %d %s", name, r.Code, r.Failure)
		}
	})
	if err != nil || answers != users*requests {
		b.Fatalf("%s: %d answers of %d, error %v", name, answers, users*requests, err)
	}
	return (loadtest.CPU() - before) / time.Duration(answers)
}

// warm is the cost of a request of so many users over kept connections: what more requests over as many connections
// cost more.
func (s *benchServers) warm(b *testing.B, name string, users, connections int) time.Duration {
	b.Helper()
	const few, many = 40, 240
	pool := fmt.Sprintf("http: {pool: %d},", connections)
	less := s.cost(b, &benchRun{name: name, config: pool, users: users, requests: few}) * few
	more := s.cost(b, &benchRun{name: name, config: pool, users: users, requests: many}) * many
	return (more - less) / (many - few)
}

// BenchmarkSharedConnection tells what a request of a hundred users costs the client over one connection of HTTP/2, and
// how that compares with a hundred connections of HTTP/1.1, both over TLS. Rounds are interleaved; the figures are
// medians, the ratio the median of the rounds' ratios.
func BenchmarkSharedConnection(b *testing.B) {
	s := startBenchServers(b)
	var one, hundred, ratios []float64
	for b.Loop() {
		for range 7 {
			h1, h2 := float64(s.warm(b, "tls", 100, 100))/1e3, float64(s.warm(b, "h2", 100, 1))/1e3
			hundred, one, ratios = append(hundred, h1), append(one, h2), append(ratios, h2/h1)
		}
	}
	b.ReportMetric(loadtest.Median(hundred), "tls-cpu-us/request")
	b.ReportMetric(loadtest.Median(one), "h2-cpu-us/request")
	b.ReportMetric(loadtest.Median(ratios), "h2/tls")
}

// BenchmarkWarmProtocols tells what a request over 50 kept connections costs the client, and how that compares with
// HTTP/1.1 without TLS. Rounds are interleaved; the figures are medians, the ratios medians of the rounds' ratios.
func BenchmarkWarmProtocols(b *testing.B) {
	s := startBenchServers(b)
	names := slices.Sorted(maps.Keys(s.URLs))
	const connections = 50
	costs, ratios := map[string][]float64{}, map[string][]float64{}
	for b.Loop() {
		for range 7 {
			plain := s.warm(b, "plain", connections, connections)
			for _, name := range names {
				us := plain
				if name != "plain" {
					us = s.warm(b, name, connections, connections)
				}
				costs[name] = append(costs[name], float64(us)/1e3)
				ratios[name] = append(ratios[name], float64(us)/float64(plain))
			}
		}
	}
	for _, name := range names {
		b.ReportMetric(loadtest.Median(costs[name]), name+"-cpu-us/request")
		b.ReportMetric(loadtest.Median(ratios[name]), name+"/plain")
	}
}

// BenchmarkColdConnections tells what a user of one request over a connection of its own costs the client, with full
// and with resumed handshakes, and how many a core opens per second.
func BenchmarkColdConnections(b *testing.B) {
	s := startBenchServers(b)
	names := slices.Sorted(maps.Keys(s.URLs))
	costs := map[string][]float64{}
	for b.Loop() {
		for range 3 {
			for _, name := range names {
				us := float64(s.cost(b, &benchRun{
					name: name, users: 500, requests: 1,
					sessions: network.SessionsNone,
				})) / 1e3
				costs[name] = append(costs[name], us)
			}
			us := float64(s.cost(b, &benchRun{
				name: "tls", users: 500, requests: 1,
				sessions: network.SessionsShared,
			})) / 1e3
			costs["tls-resumed"] = append(costs["tls-resumed"], us)
		}
	}
	for name, all := range costs {
		b.ReportMetric(loadtest.Median(all), name+"-cpu-us/user")
		b.ReportMetric(1e6/loadtest.Median(all), name+"-per-s-and-core")
	}
}
