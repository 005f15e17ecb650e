package judge

import (
	"math"
	"slices"
)

const (
	// marked is the z from which a bucket is marked, alerted the one from which somebody is told.
	marked, alerted = 3.5, 4.5
	// worse is how many times the norm a share must be, however sure it is.
	worse = 1.5
	// looks are the newest buckets that are looked at; so many of them must be out of the norm.
	looks, agree = 4, 3
	// swing is how far above what happens anyway a restless series must go.
	swing = 1.2
)

// Season is how shares behave by the hour of the day, learned from days of the past.
type Season struct {
	norms [24]Norm
	known [24]bool
	// usual is the z that agree of looks buckets reach on the second-worst day of the past: what happens anyway.
	usual float64
}

// Learn makes a season of days, oldest first, each a list of buckets of equal length from its first hour on (288 of
// 5 minutes): an hour's norm is of the buckets from the hour before to the hour after, of all days.
func Learn(days [][]Share) *Season {
	s := &Season{usual: math.Inf(-1)}
	var past []Share
	for hour := range s.norms {
		past = past[:0]
		for _, day := range days {
			past = append(past, around(day, hour)...)
		}
		s.norms[hour], s.known[hour] = NormOf(past)
	}
	var worst []float64
	for _, day := range days {
		worst = append(worst, s.worst(day))
	}
	if slices.Sort(worst); len(worst) > 1 {
		s.usual = worst[len(worst)-2]
	}
	return s
}

// around returns the buckets of a day from the hour before to the hour after.
func around(day []Share, hour int) []Share {
	per := len(day) / 24
	return day[max(0, (hour-1)*per):min(len(day), (hour+2)*per)]
}

// worst returns the greatest z that agree of looks buckets of a day reach.
func (s *Season) worst(day []Share) float64 {
	most := math.Inf(-1)
	for end := looks; end <= len(day); end++ {
		if z := s.together(day[end-looks:end], (end-1)*24/len(day)); z > most {
			most = z
		}
	}
	return most
}

// together returns the z that agree of the buckets reach, -Inf when too few are known.
func (s *Season) together(newest []Share, hour int) float64 {
	if !s.known[hour] {
		return math.Inf(-1)
	}
	zs := make([]float64, 0, looks)
	for _, b := range newest {
		if z := s.norms[hour].Z(b); !math.IsNaN(z) {
			zs = append(zs, z)
		}
	}
	if len(zs) < agree {
		return math.Inf(-1)
	}
	slices.Sort(zs)
	return zs[len(zs)-agree]
}

// Mark is what is out of the norm.
type Mark struct {
	// Marked tells that the share is out of its norm, Alert that somebody should be told.
	Marked, Alert bool
	// Z is how far three of the four newest buckets are above the norm, -Inf without a norm or with too few events.
	Z float64
	// Norm is the share that is normal for the hour, NaN when it is not known.
	Norm float64
}

// Judge looks at the four newest buckets, oldest first, at an hour of the day from 0 to 23.
func (s *Season) Judge(newest []Share, hour int) Mark {
	m := Mark{Z: s.together(newest, hour), Norm: math.NaN()}
	if !s.known[hour] {
		return m
	}
	m.Norm = s.norms[hour].Share()
	var all Share
	for _, b := range newest {
		all.K, all.N = all.K+b.K, all.N+b.N
	}
	if all.Ratio() >= worse*m.Norm {
		m.Marked = m.Z >= max(marked, swing*s.usual)
		m.Alert = m.Z >= max(alerted, swing*s.usual)
	}
	return m
}
