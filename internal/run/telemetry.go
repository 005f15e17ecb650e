package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/grafana/pyroscope-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TelemetryOptions say where a program sends what it knows of itself. Both are off when empty.
type TelemetryOptions struct {
	// OTLPEndpoint is the base URL of an OTLP/HTTP receiver: spans go to <url>/v1/traces.
	OTLPEndpoint string
	// PyroscopeURL is a Pyroscope server: CPU, heap and goroutine profiles go there.
	PyroscopeURL string
	// UploadEvery is how often profiles are pushed; 0 means 15 s.
	UploadEvery time.Duration
}

// Register adds --otlp-endpoint and --pyroscope-url.
func (o *TelemetryOptions) Register(f *Flags) {
	f.Group("Its own telemetry")
	f.String(&o.OTLPEndpoint, "otlp-endpoint", "", "send own traces to this OTLP/HTTP `URL`")
	f.String(&o.PyroscopeURL, "pyroscope-url", "", "push profiles to this Pyroscope `URL`")
}

// StartTelemetry starts what the options ask for and returns how to stop it, which flushes what is pending. Traces
// become the global tracer provider; profiles carry the labels that stages set with runtime/pprof.
func StartTelemetry(
	ctx context.Context, service string, o TelemetryOptions, log *slog.Logger,
) (stop func(context.Context) error, err error) {
	var stack Stack
	if o.OTLPEndpoint != "" {
		if err := startTraces(ctx, service, o.OTLPEndpoint, &stack); err != nil {
			return nil, err
		}
	}
	if o.PyroscopeURL != "" {
		if err := startProfiles(service, o, log, &stack); err != nil {
			return nil, errors.Join(err, stack.Stop(ctx))
		}
	}
	return stack.Stop, nil
}

func startTraces(ctx context.Context, service, endpoint string, stack *Stack) error {
	if err := checkURL("--otlp-endpoint", endpoint); err != nil {
		return err
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimSuffix(endpoint,
		"/")+"/v1/traces"))
	if err != nil {
		return fmt.Errorf("export traces to %s: %w", endpoint, err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(2048), sdktrace.WithExportTimeout(5*time.Second)),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", service), attribute.String("service.version", Version))),
	)
	otel.SetTracerProvider(provider)
	stack.Push("own traces", provider.Shutdown)
	return nil
}

func startProfiles(service string, o TelemetryOptions, log *slog.Logger, stack *Stack) error {
	if err := checkURL("--pyroscope-url", o.PyroscopeURL); err != nil {
		return err
	}
	profiler, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: service,
		ServerAddress:   o.PyroscopeURL,
		UploadRate:      orDefault(o.UploadEvery, 15*time.Second),
		Tags:            map[string]string{"service_version": Version},
		Logger:          profileLog{log},
		ProfileTypes: []pyroscope.ProfileType{
			pyroscope.ProfileCPU, pyroscope.ProfileInuseSpace, pyroscope.ProfileAllocSpace, pyroscope.ProfileGoroutines,
		},
	})
	if err != nil {
		return fmt.Errorf("push profiles to %s: %w", o.PyroscopeURL, err)
	}
	stack.Push("profiles", func(context.Context) error { return profiler.Stop() })
	return nil
}

func checkURL(flag, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return Usage("%s %q: want a URL such as http://127.0.0.1:4318", flag, text)
	}
	return nil
}

// profileLog passes pyroscope-go's messages on: what it calls an error is a warning here, since the program goes on.
type profileLog struct{ log *slog.Logger }

func (l profileLog) Infof(string, ...any) {}

func (l profileLog) Debugf(string, ...any) {}

func (l profileLog) Errorf(format string, args ...any) {
	l.log.Warn("profiles", slog.String("error", fmt.Sprintf(format, args...)))
}

// Traced gives every request a server span of the global tracer provider, child of the request's traceparent. The name
// is the method and, when h is a mux, the pattern that it matched.
func Traced(name string, h http.Handler) http.Handler {
	tracer := otel.Tracer("edgescope/" + name)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
			attribute.String("http.request.method", r.Method), attribute.String("url.path", r.URL.Path)))
		defer span.End()
		r = r.WithContext(ctx)
		status := NewStatusWriter(w)
		h.ServeHTTP(status, r)
		// A mux notes in the request which pattern it matched: "GET /regions/{code}", or "/regions" for any method.
		if route := r.Pattern[strings.IndexByte(r.Pattern, ' ')+1:]; route != "" {
			span.SetName(r.Method + " " + route)
			span.SetAttributes(attribute.String("http.route", route))
		}
		span.SetAttributes(attribute.Int("http.response.status_code", status.Code()))
		if status.Code() >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	})
}
