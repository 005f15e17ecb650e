package web

import (
	"context"

	"edgescope/query"
	"edgescope/web/view"
)

// made notes in the page what every answer says and gives an empty store its own content.
func made(p *view.Page, a query.About, c *query.Choices, content func() view.Content) view.Content {
	p.About = a
	if c != nil {
		p.Choices = *c
	}
	if a.Empty {
		return view.Content{Body: view.Welcome(p)}
	}
	return content()
}

func overview(ctx context.Context, s *Site, p *view.Page, _ string) (view.Content, error) {
	a, err := s.o.Client.Overview(ctx, p.Question)
	if err != nil {
		return view.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() view.Content { return view.NewOverview(p, a) }), nil
}

func regions(ctx context.Context, s *Site, p *view.Page, _ string) (view.Content, error) {
	a, err := s.o.Client.Regions(ctx, p.Question)
	if err != nil {
		return view.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() view.Content { return view.NewRegions(p, a) }), nil
}

func region(ctx context.Context, s *Site, p *view.Page, id string) (view.Content, error) {
	a, err := s.o.Client.Region(ctx, id, p.Question)
	if err != nil {
		return view.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() view.Content { return view.NewRegion(p, a) }), nil
}

func coldStarts(ctx context.Context, s *Site, p *view.Page, _ string) (view.Content, error) {
	a, err := s.o.Client.ColdStarts(ctx, p.Question)
	if err != nil {
		return view.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() view.Content { return view.NewColdStarts(p, a) }), nil
}

func cache(ctx context.Context, s *Site, p *view.Page, _ string) (view.Content, error) {
	a, err := s.o.Client.Cache(ctx, p.Question)
	if err != nil {
		return view.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() view.Content { return view.NewCache(p, a) }), nil
}

func traces(ctx context.Context, s *Site, p *view.Page, _ string) (view.Content, error) {
	a, err := s.o.Client.Traces(ctx, p.Question)
	if err != nil {
		return view.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() view.Content { return view.NewTraces(p, a) }), nil
}

func trace(ctx context.Context, s *Site, p *view.Page, id string) (view.Content, error) {
	a, err := s.o.Client.Trace(ctx, id, p.Question)
	if err != nil {
		return view.Content{}, err
	}
	return made(p, a.About, nil, func() view.Content { return view.NewTrace(p, a) }), nil
}

// runs are shown also by a store that has received nothing else: a run is an event of its own kind.
func runs(ctx context.Context, s *Site, p *view.Page, _ string) (view.Content, error) {
	a, err := s.o.Client.Runs(ctx, p.Question)
	if err != nil {
		return view.Content{}, err
	}
	p.About = a.About
	return view.NewRuns(p, a), nil
}

func run(ctx context.Context, s *Site, p *view.Page, id string) (view.Content, error) {
	a, err := s.o.Client.Run(ctx, id, p.Question)
	if err != nil {
		return view.Content{}, err
	}
	p.About = a.About
	p.Title = "Load test " + a.Run.Name
	return view.NewRun(p, a), nil
}
