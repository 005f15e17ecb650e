package cost

import (
	"math"
	"time"

	"edgescope/edge/price"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/tables"
)

// ahead is the use that is forecast for what is left of a month.
type ahead struct {
	// from is when the first of the hours begins, of which steps has the use of each meter.
	from time.Time
	// low and high bound mid; they have no values where the past is too short to tell bounds. bounded says so.
	low, mid, high map[string][]float64
	bounded        bool
	events         float64 // of the past that it is made from
	off            float64 // by which part an estimate from sampled events may be off
}

// forecast says what the account will use from now to the end of the month, false when the past is too short.
func (a *account) forecast(all *asked) (*ahead, bool) {
	if a.plan == nil || len(a.missing) > 0 {
		return nil, false
	}
	past, events := a.past(all.histories, all)
	if len(past.low) == 0 {
		return nil, false
	}
	out := &ahead{
		low: map[string][]float64{}, mid: map[string][]float64{}, high: map[string][]float64{}, bounded: true,
		from: past.to, events: events, off: a.did(all.month).unsure(),
	}
	hours := int(math.Ceil(all.monthEnd.Sub(past.to).Hours()))
	for of, low := range past.low {
		f, ok := judge.Predict(low, hours)
		if !ok {
			return nil, false
		}
		g := f
		if high := past.high[of]; !same(low, high) {
			if g, ok = judge.Predict(high, hours); !ok {
				return nil, false
			}
		} else {
			out.mid[of] = f.Values
		}
		out.bounded = out.bounded && f.Low != nil && g.High != nil
		if out.low[of], out.high[of] = f.Low, g.High; f.Low == nil || g.High == nil {
			out.low[of], out.high[of] = f.Values, g.Values
		}
	}
	return out, true
}

func same(a, b []float64) bool {
	for i, v := range a {
		if v != b[i] && !(math.IsNaN(v) && math.IsNaN(b[i])) {
			return false
		}
	}
	return true
}

// past is what an account used of each meter hour by hour.
type past struct {
	to        time.Time // the end of the last hour
	low, high map[string][]float64
}

// past adds up what the account's services did. An hour in which none of them is known is not known.
func (a *account) past(histories map[string]*tables.History, all *asked) (past, float64) {
	p, events := past{low: map[string][]float64{}, high: map[string][]float64{}}, 0.0
	for _, m := range a.members {
		h := histories[m.service]
		if h == nil {
			continue
		}
		p.to = h.From.Add(time.Duration(len(h.Requests)) * time.Hour)
		month := all.month.of(m.service, m.platform)
		starts := month.init / max(month.duration, 1e-9)
		for i, n := range h.Requests {
			if math.IsNaN(n) {
				continue
			}
			d := done{requests: n, events: h.Events[i], duration: 1000 * h.Duration[i]}
			d.init = starts * d.duration
			if !math.IsNaN(h.CPU[i]) {
				d.cpu, d.known = 1000*h.CPU[i], n
			}
			u, err := d.useOf(a.plan, m.memory)
			if err != nil {
				continue // which missing told
			}
			p.add(u, m.part, i, len(h.Requests))
			events += m.part * d.events
		}
	}
	return p, events
}

// add adds a part of what a service used in the i-th of n hours.
func (p *past) add(u use, part float64, i, n int) {
	for _, of := range []struct {
		from price.Use
		to   map[string][]float64
	}{{u.low, p.low}, {u.high, p.high}} {
		for meter, amount := range of.from {
			if of.to[meter] == nil {
				of.to[meter] = make([]float64, n)
				for j := range n {
					of.to[meter][j] = math.NaN()
				}
			}
			if v := &of.to[meter][i]; math.IsNaN(*v) {
				*v = part * amount
			} else {
				*v += part * amount
			}
		}
	}
}

// until is how much of each meter is used between two times.
func (f *ahead) until(values map[string][]float64, from, to time.Time) price.Use {
	u := price.Use{}
	for of, hours := range values {
		for i, v := range hours {
			begin := f.from.Add(time.Duration(i) * time.Hour)
			u[of] += v * covered(begin, begin.Add(time.Hour), from, to)
		}
	}
	return u
}

// covered is which part of an hour is between two times.
func covered(begin, end, from, to time.Time) float64 {
	if begin.Before(from) {
		begin = from
	}
	if end.After(to) {
		end = to
	}
	return max(0, end.Sub(begin).Hours())
}

// month is the use of a whole month: what was used, and what is ahead of it.
func month(used price.Use, rest price.Use) price.Use {
	u := price.Use{}
	u.Add(used)
	u.Add(rest)
	return u
}

// figure prices the month that the forecast makes of what was used so far.
func (f *ahead) figure(all *asked, used use, price func(price.Use) float64) query.Figure {
	out := noFigure(query.OriginModel)
	out.N = query.Num(math.Round(f.events))
	if used.exact() && len(f.mid) == len(f.low) {
		out.Value = query.Num(price(month(used.low, f.until(f.mid, all.now, all.monthEnd))))
	}
	if f.bounded || !out.Value.OK() {
		out.Low = query.Num(price(times(month(used.low, f.until(f.low, all.now, all.monthEnd)), 1-f.off)))
		out.High = query.Num(price(times(month(used.high, f.until(f.high, all.now, all.monthEnd)), 1+f.off)))
	}
	return out
}

// passes is the hour in which the month's bill passes a budget, zero when it does not, or has. Without a value the upper
// bound is taken.
func (a *account) passes(f *ahead, all *asked, used use, budget float64) time.Time {
	values, so := f.mid, used.low
	if len(values) < len(f.low) || !used.exact() {
		values, so = f.high, used.high
	}
	if !(a.bill(so) <= budget) {
		return time.Time{}
	}
	u := month(so, nil)
	for begin := f.from; begin.Before(all.monthEnd); begin = begin.Add(time.Hour) {
		end := begin.Add(time.Hour)
		for of, hours := range values {
			u[of] += hours[int(begin.Sub(f.from)/time.Hour)] * covered(begin, end, all.now, all.monthEnd)
		}
		if a.bill(u) > budget {
			return end
		}
	}
	return time.Time{}
}
