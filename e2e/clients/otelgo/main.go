// Command otelgo is an HTTP server with OpenTelemetry's SDK for Go: spans by otelhttp, logs and metrics by hand. Its
// argument is the transport, http or grpc; the rest is told by the variables OTEL_*. It exports when it ends, on
// SIGTERM.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := serve(ctx, os.Args[1], os.Getenv, os.Stderr) //nolint:forbidigo // of the process is passed on
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "otelgo:", err) //nolint:forbidigo // it is main
		os.Exit(1)                              //nolint:forbidigo // it is main
	}
}

// sdk is the three signals of one transport.
type sdk struct {
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	logs    *sdklog.LoggerProvider
}

func newSDK(ctx context.Context, transport string, env func(string) string) (*sdk, error) {
	var spans sdktrace.SpanExporter
	var numbers sdkmetric.Exporter
	var records sdklog.Exporter
	var errs [3]error
	switch transport {
	case "http":
		spans, errs[0] = otlptracehttp.New(ctx)
		numbers, errs[1] = otlpmetrichttp.New(ctx)
		records, errs[2] = otlploghttp.New(ctx)
	case "grpc":
		spans, errs[0] = otlptracegrpc.New(ctx)
		numbers, errs[1] = otlpmetricgrpc.New(ctx)
		records, errs[2] = otlploggrpc.New(ctx)
	default:
		return nil, fmt.Errorf("transport %q: want http or grpc", transport)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	s := &sdk{
		traces: sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans)), metrics: sdkmetric.NewMeterProvider(),
		logs: sdklog.NewLoggerProvider(),
	}
	if env("OTEL_METRICS_EXPORTER") != "none" {
		s.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(numbers)))
	}
	if env("OTEL_LOGS_EXPORTER") != "none" {
		s.logs = sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(records)))
	}
	return s, nil
}

func (s *sdk) shutdown(ctx context.Context) error {
	return errors.Join(s.traces.Shutdown(ctx), s.metrics.Shutdown(ctx), s.logs.Shutdown(ctx))
}

func serve(ctx context.Context, transport string, env func(string) string, log io.Writer) error {
	s, err := newSDK(ctx, transport, env)
	if err != nil {
		return err
	}
	handler, err := s.shop()
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		server.Shutdown(context.WithoutCancel(ctx)) //nolint:errcheck // Serve tells
	}()
	if _, err := fmt.Fprintf(log, "listening name=http addr=%s\n", l.Addr()); err != nil {
		return err
	}
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return s.shutdown(context.WithoutCancel(ctx))
}

// shop answers as js/shop.cjs does: /cart/{id}, whose even ones were cached, and a failure at /boom.
func (s *sdk) shop() (http.Handler, error) {
	meter := s.metrics.Meter("shop")
	coldStarts, err := meter.Int64Counter("faas.coldstarts", metric.WithUnit("{coldstart}"))
	if err != nil {
		return nil, err
	}
	logger := s.logs.Logger("shop")
	var warm atomic.Bool
	tell := func(r *http.Request, route, cache string) {
		cold := !warm.Swap(true)
		if cold {
			coldStarts.Add(r.Context(), 1)
		}
		trace.SpanFromContext(r.Context()).SetAttributes(attribute.Bool("faas.coldstart", cold),
			attribute.String("http.route", route))
		if cache != "" {
			trace.SpanFromContext(r.Context()).SetAttributes(attribute.StringSlice("http.response.header.x-cache",
				[]string{cache}))
		}
		var record log.Record
		record.SetTimestamp(time.Now())
		record.SetSeverity(log.SeverityInfo)
		record.SetBody(attribute.StringValue("served " + route))
		logger.Emit(r.Context(), record)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/cart/{id}", func(w http.ResponseWriter, r *http.Request) {
		cache := "HIT from edge"
		if id := r.PathValue("id"); strings.ContainsAny(id[len(id)-1:], "13579") {
			cache = "MISS from edge"
		}
		tell(r, "/cart/:id", cache)
	})
	mux.HandleFunc("/boom", func(w http.ResponseWriter, r *http.Request) {
		tell(r, "/boom", "")
		trace.SpanFromContext(r.Context()).RecordError(errors.New("the shop is closed"))
		w.WriteHeader(http.StatusInternalServerError)
	})
	return otelhttp.NewHandler(mux, "shop", otelhttp.WithTracerProvider(s.traces),
		otelhttp.WithMeterProvider(s.metrics)), nil
}
