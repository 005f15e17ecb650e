package web

import (
	"cmp"
	"context"

	"edgescope/query"
	"edgescope/web/judgement"
	"edgescope/web/part"
	"edgescope/web/view"
)

// made notes in the page what every answer says and gives an empty store its own content.
func made(p *part.Page, a query.About, c *query.Choices, content func() part.Content) part.Content {
	p.About = a
	if c != nil {
		p.Choices = *c
	}
	if a.Empty {
		return part.Content{Body: view.Welcome(p)}
	}
	return content()
}

func overview(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	promises := askBeside(ctx, s, "how promises stand", p.Question, s.o.Client.SLO)
	costs := askBeside(ctx, s, "what functions cost", p.Question, s.o.Client.Bill)
	limits := askBeside(ctx, s, "which limit is near", p.Question, s.o.Client.Limits)
	a, err := s.o.Client.Overview(ctx, p.Question)
	glance := judgement.GlanceOf{SLO: <-promises, Cost: <-costs, Limits: <-limits}
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content {
		return view.NewOverview(p, a, judgement.Glance(p, glance))
	}), nil
}

func regions(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.Regions(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return view.NewRegions(p, a) }), nil
}

// askLatency asks where the requests of a question spend their time.
func (s *Site) askLatency(ctx context.Context, q query.Question) <-chan *query.Latency {
	q.Sort, q.After, q.Limit, q.Min, q.Max = "", "", 0, 0, 0
	return askBeside(ctx, s, "where time goes", q, s.o.Client.Latency)
}

// askLatencyOf asks where those of a load test or a trace do.
func (s *Site) askLatencyOf(ctx context.Context, id string) <-chan *query.Latency {
	return askBeside(ctx, s, "where time goes", query.Question{},
		func(ctx context.Context, q query.Question) (*query.Latency, error) {
			return s.o.Client.LatencyOf(ctx, id, q)
		})
}

func region(ctx context.Context, s *Site, p *part.Page, id string) (part.Content, error) {
	q := p.Question
	q.Region = []string{cmp.Or(id, query.Unknown)}
	times := s.askLatency(ctx, q)
	a, err := s.o.Client.Region(ctx, id, p.Question)
	p.Latency = <-times
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return view.NewRegion(p, a) }), nil
}

func coldStarts(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.ColdStarts(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return view.NewColdStarts(p, a) }), nil
}

func cache(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.Cache(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return view.NewCache(p, a) }), nil
}

func traces(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	var times <-chan *query.Latency
	if len(p.Question.Route) == 1 { // the list is the page of a route
		times = s.askLatency(ctx, p.Question)
	}
	a, err := s.o.Client.Traces(ctx, p.Question)
	if times != nil {
		p.Latency = <-times
	}
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, &a.Choices, func() part.Content { return view.NewTraces(p, a) }), nil
}

func trace(ctx context.Context, s *Site, p *part.Page, id string) (part.Content, error) {
	times := s.askLatencyOf(ctx, id)
	a, err := s.o.Client.Trace(ctx, id, p.Question)
	p.Latency = <-times
	if err != nil {
		return part.Content{}, err
	}
	return made(p, a.About, nil, func() part.Content { return view.NewTrace(p, a) }), nil
}

// runs are shown also by a store that has received nothing else: a run is an event of its own kind.
func runs(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.Runs(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	p.About = a.About
	return view.NewRuns(p, a), nil
}

func run(ctx context.Context, s *Site, p *part.Page, id string) (part.Content, error) {
	times := s.askLatencyOf(ctx, id)
	a, err := s.o.Client.Run(ctx, id, p.Question)
	p.Latency = <-times
	if err != nil {
		return part.Content{}, err
	}
	p.About = a.About
	p.Title = "Load test " + a.Run.Name
	return view.NewRun(p, a), nil
}
