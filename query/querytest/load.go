package querytest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
)

// Load writes invocations that a line describes: "N FROM..TO key=value ..." are N of them, spread evenly; times are
// before now, as -30m.
//
// Keys: service region platform route version status outcome cold init cpu cache ms (a list "10,20" is used in turn)
// weight country and signal (span, tail, log, datapoint).
func (w *World) Load(line string) error {
	words := strings.Fields(line)
	n, err := strconv.Atoi(words[0])
	if err != nil {
		return err
	}
	from, to, ok := strings.Cut(words[1], "..")
	if !ok {
		return errors.New("write the time as FROM..TO")
	}
	start, err1 := time.ParseDuration(from)
	end, err2 := time.ParseDuration(to)
	if err1 != nil || err2 != nil {
		return fmt.Errorf("bad time %s", words[1])
	}
	shape := map[string]string{"ms": "10", "service": "shop"}
	for _, word := range words[2:] {
		k, v, _ := strings.Cut(word, "=")
		shape[k] = v
	}
	events := make([]edge.Event, n)
	for i := range events {
		when := w.Now.Add(start + time.Duration(float64(end-start)*float64(i)/float64(n)))
		if events[i], err = w.event(when, i, shape); err != nil {
			return err
		}
	}
	w.Write(Tenant, events...)
	return nil
}

func (w *World) event(when time.Time, i int, shape map[string]string) (edge.Event, error) {
	f := edge.Facts{
		Service: shape["service"], Region: shape["region"], Platform: shape["platform"], Route: shape["route"],
		Version: shape["version"],
		Outcome: shape["outcome"], CacheStatus: shape["cache"], Colo: shape["region"], Country: shape["country"],
	}
	var err error
	num := func(key string) float64 {
		if shape[key] == "" {
			return 0
		}
		v, e := strconv.ParseFloat(shape[key], 64)
		if e != nil {
			err = e
		}
		return v
	}
	f.Status, f.Weight = int(num("status")), num("weight")
	f.InitDuration, f.HasInit = int64(num("init")*1e6), shape["init"] != ""
	f.CPUTime, f.HasCPU = int64(num("cpu")*1e6), shape["cpu"] != ""
	f.ColdStart = map[string]edge.Tri{"true": edge.True, "false": edge.False}[shape["cold"]]
	list := strings.Split(shape["ms"], ",")
	ms, e := strconv.ParseFloat(list[i%len(list)], 64)
	if e != nil {
		return edge.Event{}, e
	}
	ev := w.Invocation(when, time.Duration(ms*1e6), f)
	switch shape["signal"] {
	case "tail":
		ev.Facts.Source = edge.SourceTail
	case "log":
		ev.Facts.Source = edge.SourceLogpush
	case "datapoint":
		ev.Facts.Source = edge.SourceDataPoints
		ev.Kind, ev.Dataset, ev.Name = edge.KindDataPoint, "requests", ""
	}
	return ev, err
}
