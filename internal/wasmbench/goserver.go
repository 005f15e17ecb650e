package wasmbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"edgescope/internal/wasmkernel"
)

// ServeGo is the process of the engine go: it serves GET /process and /health as the edge function does, on a loopback
// port that it prints to stdout as {"event":"listen","port":N}, until stdin ends or ctx is done.
func ServeGo(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serve engine go: %w", err)
	}
	go func() { // ends with stdin, which is the process's own: at the latest when that exits
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	server := &http.Server{
		Handler: (&goServer{}).routes(), ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute,
	}
	var serving sync.WaitGroup
	serving.Go(func() { err = server.Serve(listener) })
	_, _ = fmt.Fprintf(stdout, "{\"event\":\"listen\",\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	<-ctx.Done()
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer done()
	stopped := server.Shutdown(stop)
	serving.Wait()
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve engine go: %w", err)
	}
	return stopped
}

// goServer keeps what a worker's module keeps: the engine, and the last test image.
type goServer struct {
	mu     sync.Mutex
	engine wasmkernel.Engine
	input  wasmkernel.Image
}

func (g *goServer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.HandleFunc("GET /process", g.process)
	return mux
}

func (g *goServer) process(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	reps := 1
	if text := query.Get("reps"); text != "" {
		var err error
		if reps, err = strconv.Atoi(text); err != nil || reps < 1 || reps > 50 {
			http.Error(w, "reps must be an integer from 1 to 50", http.StatusBadRequest)
			return
		}
	}
	if !slices.Contains(SizeNames(), query.Get("size")) || query.Get("engine") != Go {
		http.Error(w, "engine must be go, size one of small, medium, large", http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	size := sizeNamed(query.Get("size"))
	if g.input.W != size.W {
		g.input = wasmkernel.TestImage(size.W, size.H)
	}
	result := g.input.Pix
	if query.Get("op") != "none" {
		for range reps {
			result = g.engine.Run(g.input.Pix, size.W, size.H)
		}
		w.Header().Set("X-Engine", Go)
	}
	if query.Get("hash") == "1" {
		w.Header().Set("X-Output-Hash", wasmkernel.Hash(result))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"engine": Go, "size": size.Name, "reps": reps, "bytes": len(result)})
}
