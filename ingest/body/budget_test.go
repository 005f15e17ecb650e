package body_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/ingest/body"
)

// TestTenantsShareTheBudget: what one may hold depends on what is left, so that nobody is shut out.
func TestTenantsShareTheBudget(t *testing.T) {
	const limit = 1000
	budget := body.NewBudget(limit)
	greedy := func(tenant edge.Tenant) *body.Share {
		s := budget.Share(tenant)
		for took := true; took; {
			took = s.Take(1) == nil
		}
		return &s
	}
	first := greedy(1)
	if got := first.Held(); got != 750 {
		t.Errorf("alone: %d of %d, want three quarters", got, limit)
	}
	var later []int64
	var shares []*body.Share
	for tenant := edge.Tenant(2); tenant < 5; tenant++ {
		s := greedy(tenant)
		shares, later = append(shares, s), append(later, s.Held())
	}
	if diff := cmp.Diff([]int64{187, 47, 12}, later); diff != "" {
		t.Errorf("what is left for later ones while the first gives nothing back (-want +got):\n%s", diff)
	}
	second := budget.Share(1)
	if err := second.Take(1); outcome(err) != "busy" {
		t.Errorf("another request of the first tenant: %v, want busy", err)
	}
	first.Release()
	for _, s := range shares {
		s.Release()
	}
	if budget.Used() != 0 || budget.Peak() < 900 {
		t.Errorf("%d used, peak %d", budget.Used(), budget.Peak())
	}
	// Once the first has given back, all who ask on get the same.
	evenly := make([]body.Share, 4)
	for i := range evenly {
		evenly[i] = budget.Share(edge.Tenant(i))
	}
	for range limit {
		for i := range evenly {
			_ = evenly[i].Take(1) // what it gets is compared below
		}
	}
	for i := range evenly {
		if held := evenly[i].Held(); held < 225 || held > 235 {
			t.Errorf("tenant %d of 4 holds %d of %d, want about 3/13", i, held, limit)
		}
	}
}

// TestNoRequestCanHaveMore: what could never be given is not told to come again.
func TestNoRequestCanHaveMore(t *testing.T) {
	budget := body.NewBudget(1000)
	s := budget.Share(0)
	if err := s.Take(751); outcome(err) != "too large" {
		t.Errorf("751 of 1000: %v, want too large", err)
	}
	if err := s.Take(700); err != nil {
		t.Error(err)
	}
	if err := s.Take(51); outcome(err) != "too large" {
		t.Errorf("700 + 51 of 1000: %v, want too large", err)
	}
	if err := s.Fits(51); outcome(err) != "too large" {
		t.Errorf("room for 700 + 51 of 1000: %v, want too large", err)
	}
}
