//go:build unix

package websocket_test

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"edgescope/load/loadtest"
	"edgescope/load/websocket"
)

// BenchmarkEcho is the cost of a message and its answer, both sides of it: 50 connections that send the next one as soon
// as they have the answer.
func BenchmarkEcho(b *testing.B) {
	const users = 50
	target, err := url.Parse("http" + loadtest.ServeSockets(b, loadtest.Echo)[2:])
	if err != nil {
		b.Fatal(err)
	}
	open := func(ctx context.Context, u *url.URL) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	}
	conns := make([]*websocket.Conn, users)
	for i := range conns {
		r := request(open)
		r.URL, r.Begun = target, time.Now()
		if conns[i], _, err = websocket.Open(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	used := loadtest.CPU()
	var all sync.WaitGroup
	for i, c := range conns {
		all.Go(func() {
			text := []byte(`{"user":` + strconv.Itoa(i) + `,"say":"hello"}`)
			for range (b.N + i) / users {
				if err := c.Send(text, true, time.Second); err != nil {
					b.Error(err)
					return
				}
				if _, err := c.Receive(b.Context(), time.Second); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(loadtest.CPU()-used)/float64(b.N), "cpu-ns/op")
	for _, c := range conns {
		c.Close(time.Second)
	}
}
