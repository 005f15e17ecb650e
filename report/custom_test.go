package report_test

import (
	"testing"
	"time"

	"edgescope/load"
	"edgescope/report"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
)

func TestMetricsOfFunctionsAreInTheReport(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := report.NewSummary(report.Options{Plan: &plan.Plan{}, Schedule: load.NewSchedule(nil, 1), Started: now})
	for _, m := range []processor.Metric{
		{Kind: processor.Counter, Name: "orders", Value: 2},
		{Kind: processor.Counter, Name: "orders", Value: 3},
		{Kind: processor.Rate, Name: "hits", Value: 1},
		{Kind: processor.Histogram, Name: "size", Value: 12.5},
	} {
		s.Add(&load.Metric{At: now, Metric: m})
	}
	s.Close()
	v := s.Judge(report.Outcome{})
	p := s.Report(report.RunInfo{}, now, &v).Aggregate
	if p.Counters["orders"] != 5 || p.Counters["hits"] != 1 || p.Summaries["size"].Max != 12.5 {
		t.Errorf("counters %v, size %v", p.Counters, p.Summaries["size"])
	}
}
