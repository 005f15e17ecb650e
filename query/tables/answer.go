package tables

import (
	"context"
	"errors"
	"fmt"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/store"
)

// All is an answer of the API about everything.
func All[A any](ask func(context.Context, edge.Tenant, query.Question) (*A, error)) query.Answer {
	return func(ctx context.Context, r query.Request) (any, error) {
		answer, err := ask(ctx, r.Tenant, r.Question)
		return answer, inWordsOfTheAPI(err)
	}
}

// One is an answer of the API about one thing.
func One[A any](
	ask func(ctx context.Context, tenant edge.Tenant, id string, q query.Question) (*A, error),
) query.Answer {
	return func(ctx context.Context, r query.Request) (any, error) {
		answer, err := ask(ctx, r.Tenant, r.ID, r.Question)
		return answer, inWordsOfTheAPI(err)
	}
}

func inWordsOfTheAPI(err error) error {
	if errors.Is(err, store.ErrTooMuch) {
		return fmt.Errorf("%w: %w", query.ErrTooMuch, err)
	}
	return err
}
