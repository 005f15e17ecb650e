package deploys

import (
	"math"
	"slices"

	"edgescope/judge"
)

const (
	// leastEvents is how many events are needed to judge. A day of the past needs leastOfDay to count; leastDays are
	// needed, leastDaysAlone where they have so few events that their hours do not say how the share swings.
	leastEvents, leastOfDay   = 100, 50
	leastDays, leastDaysAlone = 3, 5
	// madScale makes of a median absolute deviation the standard deviation of a normal distribution.
	madScale = 1.4826
	// nearly is how many standard deviations leave 5 % on both sides.
	nearly = 1.96
	// sureFrom is the z from which a difference is not by chance; usualTimes is how many times what the past days do
	// anyway it must be.
	sureFrom, usualTimes = 4.5, 1.2
	// quarters are the parts of what follows, of which agreeing must go the same way, each half as sure: with a quarter
	// of the events, the same difference has half the z.
	quarters, agreeing = 4, 3
	// timesNorm is how many times the norm a share must be to be worse; of one that is better the norm is as many times
	// the share.
	timesNorm = 1.5
)

// together adds up the shares of routes, bucket by bucket.
func together(of map[string]buckets, routes []string, s, n int) []judge.Share {
	out := make([]judge.Share, n)
	for _, route := range routes {
		if b := of[route]; b != nil {
			for i, one := range b[s] {
				out[i].K, out[i].N = out[i].K+one.K, out[i].N+one.N
			}
		}
	}
	return out
}

// foldBy adds up each so many buckets.
func foldBy(all []judge.Share, by int) []judge.Share {
	out := make([]judge.Share, 0, len(all)/by)
	for part := range slices.Chunk(all, by) {
		out = append(out, total(part))
	}
	return out
}

// mark is a share of what follows beside its norm.
type mark struct {
	norm  judge.Norm
	known bool
	// share is that of all that is looked at, before the number of events that the norm is of.
	share  judge.Share
	before float64
	// z is how many standard deviations the share is above the norm, NaN with too few events; sure is the distance from
	// which that is not by chance.
	z, sure float64
	// agree tells that it goes the same way all along.
	agree bool
}

// mark judges routes together by what follows, as long as their number of events needs: all of it as one share, of
// which the norm's restlessness is taken as if it stayed the same all along. One look has more events than the newest
// buckets by which alerts tell what is unusual at any time; what happens in a small part of it only is no difference of
// the version.
func (f *following) mark(s int, routes []string) mark {
	after := together(f.after, routes, s, f.now.Window.Buckets())
	events := make([]float64, len(after))
	for i, one := range together(f.after, routes, errorsAt, len(after)) {
		events[i] = one.N
	}
	fold := foldOf(events)
	after = after[:min(len(after), followed*fold)]
	m := mark{share: total(after), z: math.NaN(), sure: sureFrom}
	var buckets, around, days []judge.Share
	for _, day := range f.past.days {
		all := together(day, routes, s, f.now.Window.Buckets()+2*anHour)
		buckets = append(buckets, foldBy(all, fold)...)
		around, days = append(around, total(all)), append(days, total(all[anHour:anHour+len(after)]))
	}
	m.before = total(around).N
	if m.norm, m.known = normOf(buckets, around); !m.known {
		return m
	}
	if m.share.N >= leastEvents {
		m.z = m.norm.Z(m.share)
		m.usual(days)
		m.agree = m.agrees(after)
	}
	return m
}

// normOf returns the norm of days of the past and of their buckets. The middle is that of the days: of a bucket with few
// events the angle is too high where few of them are bad. The restlessness is the greater one of buckets and of days;
// days alone, where buckets have too few events, must be more.
func normOf(buckets, days []judge.Share) (judge.Norm, bool) {
	n, known := judge.NormOf(buckets)
	least := leastDays
	if !known {
		least = leastDaysAlone
	}
	var angles []float64
	noise := 0.0
	for _, day := range days {
		if day.N >= leastOfDay {
			angles, noise = append(angles, day.Angle()), noise+day.Noise()
		}
	}
	if len(angles) < least {
		return n, false
	}
	n.Middle = middle(angles)
	noise /= float64(len(angles))
	for i := range angles {
		angles[i] = math.Abs(angles[i] - n.Middle)
	}
	spread := madScale * middle(angles)
	n.Restless = max(n.Restless, spread*spread-noise)
	return n, true
}

// middle returns the median, and sorts what it is of.
func middle(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// usual raises what is sure to what the second-worst day of the past was away anyway, in the same direction.
func (m *mark) usual(days []judge.Share) {
	var away []float64
	for _, day := range days {
		if z := m.norm.Z(day); !math.IsNaN(z) {
			away = append(away, math.Copysign(1, m.z)*z)
		}
	}
	if slices.Sort(away); len(away) > 1 {
		m.sure = max(m.sure, usualTimes*away[len(away)-2])
	}
}

// agrees tells whether most quarters of what follows go the same way.
func (m *mark) agrees(after []judge.Share) bool {
	n := 0
	for i := range quarters {
		part := total(after[i*len(after)/quarters : (i+1)*len(after)/quarters])
		away := (part.Angle() - m.norm.Middle) / math.Sqrt(part.Noise()+m.norm.Restless)
		if part.N > 0 && math.Copysign(1, m.z)*away >= m.sure/2 {
			n++
		}
	}
	return n >= agreeing
}

// surely tells whether the share is out of the norm for good.
func (m *mark) surely() bool { return m.agree && m.away() }

// away tells whether the share as a whole is out of the norm, though perhaps for a part of the time only.
func (m *mark) away() bool {
	is, norm := m.share.Ratio(), m.norm.Share()
	return math.Abs(m.z) >= m.sure && max(is, norm) >= timesNorm*min(is, norm)
}

// swing returns the shares that lie two standard deviations around an angle.
func swing(angle, variance float64) (low, high float64) {
	share := func(angle float64) float64 {
		half := math.Sin(max(0, min(math.Pi, angle)) / 2)
		return half * half
	}
	d := nearly * math.Sqrt(variance)
	return share(angle - d), share(angle + d)
}
