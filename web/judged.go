package web

import (
	"context"

	"edgescope/web/judgement"
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
