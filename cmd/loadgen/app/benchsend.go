package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"edgescope/edge"
	"edgescope/internal/run"
	"edgescope/internal/wasmbench"
	"edgescope/report/send"
)

// benchSender sends a comparison to a collector. A nil one sends nothing: nobody asked for it.
type benchSender struct {
	to        string
	collector *send.Client
}

func (b *benchFlags) sender(ctx context.Context, p run.Process) (*benchSender, error) {
	if b.otlp == "" {
		return nil, nil //nolint:nilnil // see benchSender
	}
	traces, err := send.TracesURL(b.otlp)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(p.Stderr, nil))
	collector, err := send.Open(ctx, send.Options{URL: traces, Version: run.Version}, log)
	if err != nil {
		return nil, err
	}
	return &benchSender{b.otlp, collector}, nil
}

// send gives the result the id of its span, sends it as that span and waits until the collector has it.
func (s *benchSender) send(ctx context.Context, r *wasmbench.Result) error {
	if s == nil {
		return nil
	}
	ended := r.Started.Add(time.Duration(r.Took * float64(time.Second)))
	_, span := s.collector.Tracer().Start(ctx, edge.BenchSpan, trace.WithNewRoot(), trace.WithTimestamp(r.Started))
	r.ID = span.SpanContext().TraceID().String()
	text, err := json.Marshal(&r.Bench)
	if err != nil {
		return fmt.Errorf("send the comparison: %w", err)
	}
	span.SetAttributes(attribute.String(edge.BenchAttr, string(text)), attribute.String(edge.BenchNameAttr, r.Name))
	span.End(trace.WithTimestamp(ended))
	return s.close(ctx)
}

// close waits for what is queued. What the collector did not take is an error: the comparison cost minutes.
func (s *benchSender) close(ctx context.Context) error {
	if s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	lost, err := s.collector.Close(ctx)
	if err == nil && lost > 0 {
		err = fmt.Errorf("send the comparison: %s did not take it", s.to)
	}
	return err
}
