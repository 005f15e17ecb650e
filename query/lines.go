package query

import "time"

// line draws one value per bucket.
func line(name string, row []tally, value func(*tally) Num) Line {
	l := Line{Name: name, Values: make([]Num, len(row)), Latest: None()}
	for i := range row {
		l.Values[i] = value(&row[i])
		if l.Values[i].OK() {
			l.Latest = l.Values[i]
		}
	}
	return l
}

// rateOf answers requests per second, absent in a bucket without any: a gap, not a zero.
func rateOf(step time.Duration) func(*tally) Num {
	return func(t *tally) Num {
		if t.requests == 0 {
			return None()
		}
		return Num(t.requests / step.Seconds())
	}
}

func errorRatio(t *tally) Num { return ratio(t.errors, t.requests) }

func durations(p int) func(*tally) Num { return func(t *tally) Num { return t.percentile(p) } }

func cpuP99(t *tally) Num { return t.cpu.quantile(0.99) }

// standardLines are the lines of the tiles: rate, p50, p95, p99, errors, cold, cache and cpu.
func standardLines(row []tally, step time.Duration) []Line {
	return []Line{
		line("rate", row, rateOf(step)), line("p50", row, durations(50)), line("p95", row, durations(95)),
		line("p99", row, durations(99)), line("errors", row, errorRatio), line("cold", row, (*tally).coldRatio),
		line("cache", row, (*tally).hitRatio), line("cpu", row, cpuP99),
	}
}

// outcomeLines draws invocations per step by cache status; a step without any invocation is a gap.
func outcomeLines(row []tally) []Line {
	lines := make([]Line, len(cacheOrder))
	for i, status := range cacheOrder {
		lines[i] = line(status, row, func(t *tally) Num {
			if t.requests == 0 {
				return None()
			}
			return Num(t.cache[i])
		})
	}
	return lines
}

// regionLines draws a line for each of the names and, when there are more groups, one for all others together.
func regionLines(all []tally, t *table, regions []string, others bool, value func(*tally) Num) []Line {
	lines := make([]Line, 0, len(regions)+1)
	rest := make([]tally, len(all))
	for i := range all {
		rest[i].merge(&all[i])
	}
	for _, name := range regions {
		row := t.groups[name]
		if row == nil {
			row = make([]tally, len(all))
		}
		lines = append(lines, line(name, row, value))
		for i := range row {
			rest[i].take(&row[i])
		}
	}
	if others {
		lines = append(lines, line(othersName, rest, value))
	}
	return lines
}

// othersName is the name of the line of all regions that have none of their own.
const othersName = "others"
