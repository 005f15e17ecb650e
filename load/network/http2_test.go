package network

import (
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
)

// TestAnEarlyRefusalIsNamed: a server of HTTP/1.1 may refuse the first words of HTTP/2 before a request is written. The
// transport then only tells that its connection is of no use.
func TestAnEarlyRefusalIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	defer serving.Wait()
	defer l.Close()
	serving.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for _, piece := range []string{"HT", "TP/1.1 400 Bad Request\r\n", "Connection: close\r\n\r\n"} {
			io.WriteString(c, piece)
		}
		c.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, c) // closing with unread bytes resets, which may overtake what was written
	})
	d, err := New(Options{Protocol: H2C}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.opener().openHTTP2(t.Context(), origin{"http", l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for s.carrier.(http2Carrier).Err() == nil {
		runtime.Gosched()
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.RoundTrip(req)
	if err == nil {
		res.Body.Close()
	}
	if want := (&ProtocolError{H2C, notSpoken}); !errors.As(err, &want) {
		t.Errorf("failed with %v, want %v", err, want)
	}
}
