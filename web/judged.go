package web

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"edgescope/query"
	"edgescope/query/money"
	"edgescope/web/judgement"
	alertspage "edgescope/web/judgement/alerts"
	portingpage "edgescope/web/judgement/porting"
	routingpage "edgescope/web/judgement/routing"
	versionspage "edgescope/web/judgement/versions"
	"edgescope/web/part"
)

func slo(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.SLO(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return judgement.NewSLO(p, a) }), nil
}

func cost(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.Cost(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return judgement.NewCost(p, a) }), nil
}

func explain(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.Explain(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return judgement.NewExplain(p, a) }), nil
}

func coldModel(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.ColdModels(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return judgement.NewColdModel(p, a) }), nil
}

func limits(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	var a *money.Limits
	var f *money.Forecast
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { a, err = s.o.Client.Limits(ctx, p.Question); return err })
	g.Go(func() (err error) { f, err = s.o.Client.Forecast(ctx, p.Question); return err })
	if err := g.Wait(); err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return judgement.NewLimits(p, a, f) }), nil
}

func alerts(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.Alerts(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return alertspage.New(p, a) }), nil
}

func cacheAdvice(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.CacheAdvice(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return judgement.NewCacheAdvice(p, a) }), nil
}

func porting(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.WASMAdvice(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return portingpage.New(p, a) }), nil
}

func versions(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	var a *query.Deploys
	var v *query.Versions
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { a, err = s.deploys(ctx, p.Question); return err })
	g.Go(func() (err error) { v, err = s.o.Client.Versions(ctx, p.Question); return err })
	if err := g.Wait(); err != nil {
		return part.Content{}, err
	}
	return made(p, v.About, &v.Choices, func() part.Content { return versionspage.New(p, a.Deploys, a.More, v) }), nil
}

// deploys asks for the verdicts on versions: on one that is filtered by in full, whenever it served. Where that one is
// not known, or is a version of several services, the answer about those that served in the range says so.
func (s *Site) deploys(ctx context.Context, q query.Question) (*query.Deploys, error) {
	if len(q.Version) == 1 {
		one, err := s.o.Client.Deploy(ctx, q.Version[0], q)
		if err == nil {
			return &query.Deploys{About: one.About, Deploys: []query.DeployVerdict{one.Deploy}, Choices: one.Choices}, nil
		}
		var api *query.APIError
		if !errors.As(err, &api) || refused(err) {
			return nil, err
		}
	}
	return s.o.Client.Deploys(ctx, q)
}

func whereServed(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.Routing(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return routingpage.New(p, a) }), nil
}
