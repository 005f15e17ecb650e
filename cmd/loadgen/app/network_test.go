package app

import (
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/quic-go/quic-go/http3"
	"github.com/rogpeppe/go-internal/testscript"
)

// pop is an edge that speaks HTTP/1.1 and HTTP/2 over TLS, and HTTP/3 on the same port; plain beside it speaks HTTP/1.1
// and h2c on TCP and on a unix socket, and proxy leads all CONNECTs to it.
type pop struct {
	tls, plain, unix, proxy *httptest.Server
	h3                      *http3.Server
	serving                 sync.WaitGroup
	ca, socket              string // files
}

func newPoP(dir string) (*pop, error) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			greet(w, r)
			return
		}
		w.Header().Set("X-Protocol", r.Proto)
		w.Header().Set("X-Host", r.Host)
		io.WriteString(w, "ok")
	})
	e := &pop{tls: quietServer(answer), plain: quietServer(answer), unix: quietServer(answer)}
	e.ca, e.socket = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "edge.sock")
	e.tls.EnableHTTP2 = true
	e.tls.StartTLS()
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.tls.Certificate().Raw})
	if err := os.WriteFile(e.ca, cert, 0o600); err != nil {
		return nil, err
	}
	var both http.Protocols
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	e.plain.Config.Protocols, e.unix.Config.Protocols = &both, &both
	e.plain.Start()
	e.unix.Listener.Close()
	var err error
	if e.unix.Listener, err = net.Listen("unix", e.socket); err != nil {
		return nil, err
	}
	e.unix.Start()
	socket, err := net.ListenPacket("udp", e.tls.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	e.h3 = &http3.Server{Handler: answer, TLSConfig: http3.ConfigureTLSConfig(e.tls.TLS)}
	e.serving.Go(func() { e.h3.Serve(socket); socket.Close() })
	e.proxy = httptest.NewServer(http.HandlerFunc(e.connect))
	return e, nil
}

// greet says over a WebSocket for which host it is, and then echoes.
func greet(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	_ = c.Write(r.Context(), websocket.MessageText, []byte(`{"host":"`+r.Host+`"}`))
	for {
		kind, text, err := c.Read(r.Context())
		if err != nil || c.Write(r.Context(), kind, text) != nil {
			return
		}
	}
}

func quietServer(h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	return s
}

func (e *pop) connect(w http.ResponseWriter, r *http.Request) {
	server, err := net.Dial("tcp", e.tls.Listener.Addr().String())
	if err != nil || r.Method != http.MethodConnect {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	client, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	e.serving.Go(func() { io.Copy(server, rw); server.Close() })
	io.Copy(client, server)
	client.Close()
}

func (e *pop) close() {
	e.h3.Close()
	for _, s := range []*httptest.Server{e.tls, e.plain, e.unix, e.proxy} {
		s.CloseClientConnections()
		s.Close()
	}
	e.serving.Wait()
}

func portOf(s *httptest.Server) string {
	u, _ := url.Parse(s.URL) // httptest has made it
	return u.Port()
}

func TestNetworkScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "network"),
		Setup: func(env *testscript.Env) error {
			e, err := newPoP(env.WorkDir)
			if err != nil {
				return err
			}
			env.Defer(e.close)
			env.Setenv("TLS", e.tls.URL)
			env.Setenv("PLAIN", e.plain.URL)
			env.Setenv("PROXY", e.proxy.URL)
			env.Setenv("PORT", portOf(e.tls))
			env.Setenv("PLAINPORT", portOf(e.plain))
			env.Setenv("SOCKET", e.socket)
			env.Setenv("SSL_CERT_FILE", e.ca)
			env.Setenv("EDGESCOPE_LAG_LIMIT", "1h")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"report": cmdReport, "vegeta": cmdVegeta},
	})
}

// TestExamplesOfTheNetworkGuide: every example of docs/network.md is run, with servers on loopback in the place of
// shop.example and its neighbours.
func TestExamplesOfTheNetworkGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("the examples take some seconds")
	}
	dir, loadgen := t.TempDir(), installed(t)
	e, err := newPoP(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	port := portOf(e.tls)
	local := strings.NewReplacer(
		"https://shop.example", "https://example.com:"+port,
		"http://shop.example", e.plain.URL,
		"shop.example:443:fra.shop.example:443", "example.com:"+port+":127.0.0.1:"+port,
		"shop.example:443:192.0.2.1,192.0.2.2", "example.com:"+port+":127.0.0.1,127.0.0.2",
		"http://proxy.example:3128", e.proxy.URL,
		"/run/edge.sock", e.socket,
	)
	ran := 0
	for _, b := range examples(t, "network.md") {
		if name, isFile := b.named(); isFile {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(local.Replace(b.text)), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for command := range strings.Lines(b.text) {
			ran++
			c := exec.CommandContext(t.Context(), "sh", "-ec", local.Replace(command))
			c.Dir = dir
			c.Env = []string{
				"PATH=" + filepath.Dir(loadgen) + ":" + os.Getenv("PATH"), "EDGESCOPE_LAG_LIMIT=1h",
				"SSL_CERT_FILE=" + e.ca,
			}
			// The name is that of the certificate; where the example does not say where it is, DNS would.
			if !strings.Contains(command, "--connect-to") && !strings.Contains(command, "--resolve") &&
				!strings.Contains(command, "--unix") && !strings.Contains(command, "--proxy") {
				c.Env = append(c.Env, "EDGESCOPE_RESOLVE=example.com:"+port+":127.0.0.1")
			}
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
	}
	if ran < 8 {
		t.Errorf("%d examples were run, want all of the page", ran)
	}
}
