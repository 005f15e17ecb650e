package door

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// The states of grpc.health.v1.HealthCheckResponse.
const (
	serving        = 1
	notServing     = 2
	serviceUnknown = 3
)

const (
	healthService = "/grpc.health.v1.Health/"
	// lookEvery is how long a change may take to reach who watches.
	lookEvery = time.Second
	// mostWatches bounds those who watch: each holds a stream.
	mostWatches = 256
	// mostQuestion bounds a HealthCheckRequest in bytes; it holds the name of a service.
	mostQuestion = 1 << 10
)

// HealthOptions describe a Health.
type HealthOptions struct {
	// Serving tells whether telemetry is taken. It is asked for every call, and every second for those who watch.
	Serving func() bool
	// Services are the names that are known beside "", which stands for all of them.
	Services []string
}

// Health serves grpc.health.v1: whether telemetry is taken now (Check), and whenever that changes (Watch). Everybody
// may ask. It is safe for concurrent use; Close ends those who watch.
type Health struct {
	o       HealthOptions
	watches atomic.Int64
	done    chan struct{}
	end     sync.Once
}

// NewHealth makes a Health.
func NewHealth(o HealthOptions) *Health { return &Health{o: o, done: make(chan struct{})} }

// Close tells those who watch that nothing is served any more and ends their calls, so that a server's graceful stop
// does not wait for them. Calling it again does nothing.
func (h *Health) Close() { h.end.Do(func() { close(h.done) }) }

func (h *Health) serves(path string) bool { return strings.HasPrefix(path, healthService) }

// ServeHTTP serves a call of gRPC.
func (h *Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	beginAnswer(w)
	if err := h.call(w, r); err != nil {
		endWithStatus(w, status.Convert(err))
		return
	}
	endCall(w)
}

func (h *Health) call(w http.ResponseWriter, r *http.Request) error {
	service, err := question(r)
	if err != nil {
		return err
	}
	switch strings.TrimPrefix(r.URL.Path, healthService) {
	case "Check":
		state := h.state(service)
		if state == serviceUnknown {
			return status.Errorf(codes.NotFound, "unknown service %.200q", service)
		}
		return send(w, state)
	case "Watch":
		if h.watches.Add(1) > mostWatches {
			h.watches.Add(-1)
			return status.Errorf(codes.ResourceExhausted, "%d watch already: ask with Check", mostWatches)
		}
		defer h.watches.Add(-1)
		return h.watch(r.Context(), w, service)
	}
	return status.Errorf(codes.Unimplemented, "unknown method %.200s", r.URL.Path)
}

// watch sends the state of a service, and sends it again when it has changed, until the client goes or the port closes.
func (h *Health) watch(ctx context.Context, w http.ResponseWriter, service string) error {
	control := http.NewResponseController(w)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for last := -1; ; {
		if state := h.state(service); state != last {
			last = state
			if err := errors.Join(control.SetWriteDeadline(time.Now().Add(10*time.Second)), send(w, state),
				control.Flush()); err != nil {
				return status.FromContextError(context.Canceled).Err()
			}
			// What the server allows for a whole answer is not meant for this one.
			if err := control.SetWriteDeadline(time.Time{}); err != nil {
				return fmt.Errorf("lift the deadline of a watch: %w", err)
			}
		}
		select {
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		case <-h.done:
			if last == serving {
				if err := send(w, notServing); err != nil {
					return status.FromContextError(context.Canceled).Err()
				}
			}
			return status.Error(codes.Unavailable, "the collector stops")
		case <-look.C:
		}
	}
}

func (h *Health) state(service string) int {
	known := service == ""
	for _, name := range h.o.Services {
		known = known || name == service
	}
	switch {
	case !known:
		return serviceUnknown
	case h.o.Serving():
		return serving
	}
	return notServing
}

// question reads a HealthCheckRequest: field 1 is the name of the service.
func question(r *http.Request) (service string, err error) {
	if r.Method != http.MethodPost {
		return "", status.Error(codes.Unimplemented, "method must be POST")
	}
	begun, err := io.ReadAll(io.LimitReader(r.Body, prefixLen+mostQuestion+1))
	switch {
	case err != nil:
		return "", status.Error(codes.InvalidArgument, "the question did not come whole")
	case len(begun) > prefixLen+mostQuestion:
		return "", status.Errorf(codes.ResourceExhausted, "the question has more than %d bytes", mostQuestion)
	case len(begun) < prefixLen:
		return "", status.Error(codes.InvalidArgument, "there is no question")
	case begun[0] != 0:
		return "", status.Error(codes.Unimplemented, "the question must not be compressed")
	}
	for b := begun[prefixLen:]; len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return "", status.Error(codes.InvalidArgument, "the question is no HealthCheckRequest")
		}
		value := b[n:]
		if n = protowire.ConsumeFieldValue(number, kind, value); n < 0 {
			return "", status.Error(codes.InvalidArgument, "the question is no HealthCheckRequest")
		}
		if number == 1 && kind == protowire.BytesType {
			name, _ := protowire.ConsumeBytes(value)
			service = string(name)
		}
		b = value[n:]
	}
	return service, nil
}

// send sends a HealthCheckResponse: field 1 is the state.
func send(w http.ResponseWriter, state int) error {
	begun := protowire.AppendTag(make([]byte, prefixLen, prefixLen+2), 1, protowire.VarintType)
	return sendMessage(w, protowire.AppendVarint(begun, uint64(state)))
}
