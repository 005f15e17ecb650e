package judge

import (
	"math"
	"slices"
)

const (
	// marked is the z from which a bucket is marked, alerted the one from which somebody is told.
	marked, alerted = 3.5, 4.5
	// worse is how many times the norm a share must be, however sure it is, and risen by how much it must be at least.
	worse, risen = 1.5, 0.01
	// looks are the newest buckets that are looked at; so many of them must be out of the norm.
	looks, agree = 4, 3
	// swing is how far above what happens anyway a restless series must go.
	swing = 1.2
	// SeasonDays are the days of the past that a norm is made of, normDays how many of them must have events.
	SeasonDays, normDays = 14, 3
	// anHour is how many buckets of 5 minutes an hour has.
	anHour = 12
	// LooksBack is how many of the newest buckets of 5 minutes Judge needs at most.
	LooksBack = looks * anHour
	// fullBucket is the number of events that a bucket has at the median; where it has fewer, longer buckets are taken.
	fullBucket = 100
)

// Season is how shares behave by the hour of the day, learned hour by hour from days of the past. The zero value knows
// nothing.
type Season struct{ hours [24]hourOf }

// hourOf is an hour of the day.
type hourOf struct {
	norm  Norm
	known bool
	// fold is how many buckets of 5 minutes count as one.
	fold int
	// peaks are the greatest z that agree of looks buckets reached, by day.
	peaks [SeasonDays]float32
}

// Learn learns an hour, 0 to 23, from the days of the past, oldest first, at most SeasonDays. Each is the 36 buckets of
// 5 minutes from the hour before to the hour after; a bucket without events is empty. With fewer than three days that
// have events nothing is known of the hour.
func (s *Season) Learn(hour int, days [][]Share) {
	h := hourOf{fold: foldOf(days)}
	for d := range h.peaks {
		h.peaks[d] = float32(math.Inf(-1))
	}
	var past []Share
	with := 0
	folded := make([][]Share, len(days))
	for d, day := range days {
		folded[d] = foldBy(day, h.fold)
		past = append(past, folded[d]...)
		if slices.ContainsFunc(day, func(s Share) bool { return s.N > 0 }) {
			with++
		}
	}
	if with >= normDays {
		h.norm, h.known = NormOf(past)
	}
	for d := range folded {
		h.peaks[d] = float32(h.peak(folded[d]))
	}
	s.hours[hour] = h
}

// foldOf returns how many buckets of 5 minutes count as one, 1, 3 or 12: the fewest that have a hundred events, at the
// median of the days that have any.
func foldOf(days [][]Share) int {
	for _, by := range []int{1, 3} {
		var n []float64
		for _, day := range days {
			if !slices.ContainsFunc(day, func(s Share) bool { return s.N > 0 }) {
				continue
			}
			for _, b := range foldBy(day, by) {
				n = append(n, b.N)
			}
		}
		if len(n) > 0 && median(n) >= fullBucket {
			return by
		}
	}
	return anHour
}

// foldBy adds up each so many buckets; those that do not fill one, at the beginning, are left out.
func foldBy(buckets []Share, by int) []Share {
	if by == 1 {
		return buckets
	}
	out := make([]Share, len(buckets)/by)
	rest := buckets[len(buckets)%by:]
	for i, b := range rest {
		out[i/by].K += b.K
		out[i/by].N += b.N
	}
	return out
}

// peak returns the greatest z that agree of looks buckets reach which end in the hour.
func (h *hourOf) peak(buckets []Share) float64 {
	most := math.Inf(-1)
	for end := len(buckets)/3 + 1; end <= len(buckets)*2/3; end++ {
		most = max(most, h.together(buckets[max(0, end-looks):end]))
	}
	if len(buckets) < looks { // buckets of an hour: there are three
		most = h.together(buckets)
	}
	return most
}

// together returns the z that agree of the buckets reach, -Inf when too few are known.
func (h *hourOf) together(newest []Share) float64 {
	if !h.known {
		return math.Inf(-1)
	}
	zs := make([]float64, 0, looks)
	for _, b := range newest {
		if z := h.norm.Z(b); !math.IsNaN(z) {
			zs = append(zs, z)
		}
	}
	if len(zs) < agree {
		return math.Inf(-1)
	}
	slices.Sort(zs)
	return zs[len(zs)-agree]
}

// usual is the greatest z of the second-worst day of the past: what happens anyway; -Inf when that is not known.
func (s *Season) usual() float64 {
	var worst [SeasonDays]float64
	for d := range worst {
		worst[d] = math.Inf(-1)
		for h := range s.hours {
			if s.hours[h].known {
				worst[d] = max(worst[d], float64(s.hours[h].peaks[d]))
			}
		}
	}
	slices.Sort(worst[:])
	return worst[SeasonDays-2]
}

// Mark is what is out of the norm.
type Mark struct {
	// Known tells that there is a norm for the hour, Marked that the share is out of it, Alert that somebody should be
	// told.
	Known, Marked, Alert bool
	// Z is how far three of the four newest buckets are above the norm, -Inf without a norm or with too few events;
	// MarkedFrom and AlertFrom are the ones from which it is out of it.
	Z, MarkedFrom, AlertFrom float64
	// Norm is what is normal for the hour.
	Norm Norm
	// Share is that of the four newest buckets together; each is of Fold buckets of 5 minutes.
	Share Share
	Fold  int
}

// Judge looks at the newest buckets of 5 minutes, oldest first, LooksBack of them where there are so many, at an hour of
// the day from 0 to 23.
func (s *Season) Judge(newest []Share, hour int) Mark {
	h := &s.hours[hour]
	fold := max(1, h.fold)
	look := foldBy(newest[max(0, len(newest)-looks*fold):], fold)
	usual := swing * s.usual()
	m := Mark{
		Known: h.known, Norm: h.norm, Fold: fold,
		Z: h.together(look), MarkedFrom: max(marked, usual), AlertFrom: max(alerted, usual),
	}
	for _, b := range look {
		m.Share.K, m.Share.N = m.Share.K+b.K, m.Share.N+b.N
	}
	if norm := h.norm.Share(); h.known && m.Share.Ratio() >= max(worse*norm, norm+risen) {
		m.Marked, m.Alert = m.Z >= m.MarkedFrom, m.Z >= m.AlertFrom
	}
	return m
}

// Began returns the index of the first of the buckets of 5 minutes, oldest first, since which the newest have been out
// of the norm; -1 when all have. last is the place of the newest in its day, 0 to 287. How long the share has been high
// without a break says where to look; Since says where it changed.
func (s *Season) Began(buckets []Share, last int) int {
	const aDay = 24 * anHour
	h := &s.hours[last/anHour%24]
	fold := max(1, h.fold)
	end := len(buckets)
	for ; end >= looks*fold; end-- {
		at := (last - (len(buckets) - end) + aDay) % aDay
		of := s.hours[at/anHour]
		if of.together(foldBy(buckets[end-looks*fold:end], fold)) < marked/2 {
			break
		}
	}
	if end < looks*fold {
		return -1
	}
	from := max(0, end-(looks+anHour)*fold)
	folded := foldBy(buckets[from:], fold)
	return len(buckets) - (len(folded)-Since(folded))*fold
}
