package part

import (
	"cmp"
	"fmt"
	"strconv"

	"edgescope/chart"
	"edgescope/query"
)

// State is how something fares: Class is ok, warn, bad or quiet, Text starts with the glyph of that class.
type State struct{ Class, Text string }

// RowState judges a row: silence first, then a burning error budget, then how it stands against its own norm.
func RowState(t Targets, r *query.Row) State {
	burn := 0.0
	if t.ErrorRatio > 0 && r.ErrorRatio.OK() {
		burn = float64(r.ErrorRatio) / t.ErrorRatio
	}
	standing, worst := Standing(r.Standing)
	switch {
	case r.Silent > 0:
		return State{"bad", "✕ silent " + silence(r.Silent)}
	case r.Samples.OK() && r.Samples < FewSamples:
		return State{"quiet", "· few samples"}
	case burn >= 6:
		return State{"bad", "✕ burn " + chart.Times.Text(burn)}
	case standing == query.StandingAlert:
		return State{"bad", "✕ " + worst.Name + " " + chart.Ratio.Text(float64(worst.Share.Value))}
	case t.P95 > 0 && float64(r.P95) > t.P95:
		return State{"bad", "✕ over " + chart.Milliseconds.Text(t.P95)}
	case burn >= 1:
		return State{"warn", "! burn " + chart.Times.Text(burn)}
	case standing == query.StandingMarked:
		return State{"warn", "! " + worst.Name + " " + chart.Ratio.Text(float64(worst.Share.Value))}
	case standing == query.StandingNormal:
		return State{"ok", "✓ ok"}
	case standing == query.StandingFew:
		return State{"quiet", "· too few (n=" + strconv.Itoa(int(OrZero(worst.Share.N))) + ")"}
	default:
		return State{"quiet", "· no norm yet"}
	}
}

// silence writes for how long, in whole minutes; half an hour may be longer, a day is.
func silence(seconds query.Num) string {
	switch minutes := int(seconds / 60); {
	case minutes >= 24*60:
		return "> 1\u00a0day"
	case minutes == 30:
		return "≥ 30\u00a0min"
	default:
		return strconv.Itoa(minutes) + "\u00a0min"
	}
}

// Standing returns the state of a standing, "" of none, and the signal that it is due to.
func Standing(s *query.Standing) (string, *query.Signal) {
	worst := &query.Signal{Share: query.Figure{Value: query.None(), N: query.None()}, Norm: query.None()}
	if s == nil {
		return "", worst
	}
	for i := range s.Signals {
		x := &s.Signals[i]
		if x.State == s.State && (worst.State == "" || x.Z > worst.Z) {
			worst = x
		}
	}
	return s.State, worst
}

// slowSignal is the share of slow invocations of a standing, nil where it has no norm.
func slowSignal(s *query.Standing) *query.Signal {
	if s == nil {
		return nil
	}
	for i := range s.Signals {
		if x := &s.Signals[i]; x.Name == query.SignalSlow && x.Norm.OK() && x.Share.Value.OK() {
			return x
		}
	}
	return nil
}

// Usual is the share of slow invocations, with what is usual at this hour and how far that swings.
func (c RowColumns) Usual() RowColumn {
	return c.Numeric("slow_share", "slow · usual", "", func(r *query.Row) Cell {
		x := slowSignal(r.Standing)
		if x == nil {
			return Cell{Text: chart.Absent}
		}
		cell := Number(chart.Ratio, x.Share.Value)
		cell.Sub = "· " + band(x)
		return cell
	})
}

// band is what is usual, and how far it swings where that is more than a twentieth.
func band(x *query.Signal) string {
	text := chart.Ratio.Text(float64(x.Norm))
	if x.Swing >= 0.05 {
		text += fmt.Sprintf(" ±%.0f\u00a0%%", 100*float64(x.Swing))
	}
	return text
}

// placeRow is a place as a row, to be judged and compared as one.
func placeRow(p *query.Place) query.Row {
	return query.Row{
		Name: p.Name, City: p.City, Lat: p.Lat, Lon: p.Lon, Norm: p.Norm, Ratio: p.Ratio, Silent: p.Silent,
		Standing: p.Standing,
		Stats:    query.Stats{Rate: p.Rate, P95: p.P95, Samples: p.Samples, ErrorRatio: p.ErrorRatio},
	}
}

// Placed are the rows of places.
func Placed(places []query.Place) []query.Row {
	out := make([]query.Row, len(places))
	for i := range places {
		out[i] = placeRow(&places[i])
	}
	return out
}

// further orders rows by how far they are out of their norm: by the z of what they are worst in, then of slowness.
func further(x, y *query.Row) int {
	rank := func(r *query.Row) (int, float64) {
		state, worst := Standing(r.Standing)
		switch state {
		case query.StandingAlert, query.StandingMarked:
			return 1, OrZero(worst.Z)
		default:
			if s := slowSignal(r.Standing); s != nil && s.Z.OK() {
				return 0, float64(s.Z)
			}
			return -1, 0
		}
	}
	xr, xz := rank(x)
	yr, yz := rank(y)
	return cmp.Or(cmp.Compare(yr, xr), cmp.Compare(yz, xz))
}
