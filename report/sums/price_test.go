package sums_test

import (
	"testing"

	"edgescope/report/sums"
)

func TestAPriceAsItIsRead(t *testing.T) {
	f := func(low, high float64, want string) {
		t.Helper()
		p := sums.Price{Platform: "fastly", Plan: "Compute", Requests: 1, Low: low, High: &high, AsOf: "2026"}
		if high < 0 {
			p.High = nil
		}
		if got := p.Sentence(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(.67, .67, "0.67 USD for 1 request on fastly Compute (prices of 2026)")
	f(.46, 3.12, "0.46 to 3.12 USD for 1 request on fastly Compute (prices of 2026)")
	f(.461, .4612, "0.46 USD for 1 request on fastly Compute (prices of 2026)")
	f(0, 0, "0.00 USD for 1 request on fastly Compute (prices of 2026)")
	f(.0000012, .0000012, "0.0000012 USD for 1 request on fastly Compute (prices of 2026)")
	f(.0123, -1, "at least 0.01 USD for 1 request on fastly Compute (prices of 2026)")
}

func TestPricesOfPartsAddUp(t *testing.T) {
	price := func(plan string, low, high float64) []sums.Price {
		p := sums.Price{Platform: "x", Plan: plan, Requests: 10, Low: low, High: &high}
		if high < 0 {
			p.High = nil
		}
		return []sums.Price{p}
	}
	sum := sums.AddPrices(price("a", 1, 2), price("a", 3, 4), price("a", 5, 6))
	if len(sum) != 1 || sum[0].Requests != 30 || sum[0].Low != 9 || *sum[0].High != 12 {
		t.Errorf("got %+v", sum)
	}
	first := price("a", 1, 2)
	if sum := sums.AddPrices(first, price("a", 1, -1)); sum[0].High != nil || *first[0].High != 2 {
		t.Errorf("a part without a bound: %+v, the first is now %+v", sum, first)
	}
	for _, other := range [][]sums.Price{nil, price("b", 1, 1)} {
		if got := sums.AddPrices(price("a", 1, 1), other); got != nil {
			t.Errorf("parts that were priced differently: %+v", got)
		}
	}
	if sums.AddPrices() != nil || sums.AddPrices(nil, nil) != nil {
		t.Error("prices of nothing")
	}
}
