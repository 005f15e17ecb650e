package app

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"edgescope/alert"
	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/caching"
	"edgescope/query/coldmodel"
	"edgescope/query/cost"
	"edgescope/query/deploys"
	"edgescope/query/engine"
	"edgescope/query/explain"
	"edgescope/query/findings"
	"edgescope/query/latency"
	"edgescope/query/limits"
	"edgescope/query/norms"
	"edgescope/query/porting"
	"edgescope/query/promql"
	"edgescope/query/routing"
	"edgescope/query/slo"
	"edgescope/query/tables"
	"edgescope/store"
)

// judges are the rooms that judge, over one reader.
type judges struct {
	read *tables.Reader
	// answers are those of all rooms, findings what they found.
	answers  query.Answers
	findings query.FindingsOf
	slo      *slo.Room
	limits   *limits.Room
	explain  *explain.Room
	deploys  *deploys.Room
	cost     *cost.Room
	// questions are those of the pages, which show what was found.
	questions *engine.Engine
	alerts    *alert.Alerts
}

// openJudges makes the rooms that judge. None of them asks anything yet.
func (c *Collector) openJudges(context.Context) error {
	j := &judges{read: tables.New(c.store, time.Now, tables.AtOnce)}
	c.judges = j
	j.slo = slo.New(slo.Options{Read: j.read, Policy: c.policyOf})
	j.limits = limits.New(limits.Options{Read: j.read, Policy: c.policyOf, Problem: c.policy.Problem})
	j.explain = explain.New(j.read)
	j.cost = cost.New(j.read, cost.Options{Policy: c.policyOf, Problem: c.policy.Problem})
	j.answers = j.answers.With(j.slo.Answers()).With(j.limits.Answers()).With(j.explain.Answers()).
		With(caching.New(j.read).Answers()).With(j.cost.Answers())
	cold := coldmodel.New(j.read, coldmodel.Options{Policy: c.policyOf})
	j.deploys = deploys.New(j.read)
	j.answers = j.answers.With(j.deploys.Answers())
	times := latency.New(j.read, latency.Options{Retention: c.retentionEvents})
	ports := porting.New(j.read, porting.Options{Policy: c.policyOf, Retention: c.retentionEvents})
	j.answers = j.answers.With(cold.Answers()).With(times.Answers()).With(ports.Answers())
	j.answers = j.answers.With(routing.New(j.read, routing.Options{Policy: c.policyOf}).Answers())
	c.openFindings(j)
	var err error
	j.alerts, err = alert.New(alert.Options{
		Evaluate: c.evaluate, Findings: j.findings, Tenants: c.tenants,
		Groups:  c.groups,
		Notify:  func() policy.Notify { return c.policy.Current().Notify },
		Problem: c.filesProblem, Ready: c.pipeline.Ready(), Dir: filepath.Join(c.dataDir, "alerts"),
		Getenv: os.Getenv, Logger: c.logger, Metrics: c.metrics,
	})
	if err != nil {
		return fmt.Errorf("open alerts: %w", err)
	}
	j.answers = j.answers.With(j.alerts.Answers())
	return nil
}

// openFindings makes the rooms that say what is unusual, and what of all that was judged is wrong.
func (c *Collector) openFindings(j *judges) {
	usual := norms.New(j.read, norms.Options{Logger: c.logger})
	c.stack.Push("norms", usual.Stop)
	found := findings.New(j.read, findings.Options{
		Logger: c.logger, Shares: j.explain.Shares,
		Sources: []findings.Source{
			{Name: "slo", Find: j.slo.Findings},
			{Name: "deploys", Find: j.deploys.Findings},
			{Name: "limits", Find: j.limits.Findings},
			{Name: "cost", Find: j.cost.Findings},
			{Name: "norms", Find: usual.Findings},
			{Name: "silences", Find: func(
				ctx context.Context, tenant edge.Tenant, q query.Question,
			) ([]query.Finding, error) {
				return j.questions.Silences(ctx, tenant, q)
			}},
		},
	})
	c.stack.Push("findings", found.Stop)
	j.findings = found.Findings
	j.answers = j.answers.With(usual.Answers()).With(found.Answers())
	j.questions = engine.New(j.read, engine.Options{
		Logger: c.logger, Colo: placeOf, Retention: c.retentionEvents,
		RefusalExample: func(tenant edge.Tenant, metric, reason, sender string) string {
			return c.refusals.Example(tenant, metric, reason, sender)
		},
		Findings: found.Recent, Standings: usual.Standings,
	})
}

func (c *Collector) startAlerts(ctx context.Context) error {
	if err := c.judges.alerts.Start(ctx); err != nil {
		return fmt.Errorf("start alerts: %w", err)
	}
	c.stack.Push("alerts", c.judges.alerts.Stop)
	return nil
}

// evaluate returns what an expression gives, as /api/v1/query does.
func (c *Collector) evaluate(
	ctx context.Context, tenant edge.Tenant, expr string, at time.Time,
) ([]alert.Sample, error) {
	text, _ := promql.Rewrite(expr, promql.DefaultStep)
	series, err := c.store.Series(ctx, store.SeriesQuestion{
		Tenant: tenant, MetricsQL: text, From: at, To: at, Step: promql.DefaultStep,
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // the rule says what was asked
	}
	samples := make([]alert.Sample, 0, len(series))
	for i := range series {
		s := &series[i]
		if len(s.Values) == 0 || math.IsNaN(s.Values[len(s.Values)-1]) {
			continue
		}
		labels := make(map[string]string, len(s.Labels))
		for _, l := range s.Labels {
			labels[l.Key] = l.Value
		}
		samples = append(samples, alert.Sample{Labels: labels, Value: s.Values[len(s.Values)-1]})
	}
	return samples, nil
}
