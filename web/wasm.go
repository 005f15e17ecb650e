package web

import (
	"context"

	"edgescope/web/part"
	"edgescope/web/view"
)

// wasm is shown also by a store that has received nothing but comparisons: one is an event of its own kind.
func wasm(ctx context.Context, s *Site, p *part.Page, _ string) (part.Content, error) {
	a, err := s.o.Client.WASM(ctx, p.Question)
	if err != nil {
		return part.Content{}, err
	}
	p.About, p.Choices = a.About, a.Choices
	return view.NewWASM(p, a), nil
}
