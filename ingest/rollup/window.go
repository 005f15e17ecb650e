package rollup

import (
	"slices"
	"strings"

	"edgescope/edge"
)

// family is which dimensions a key has; see edge.FamilyService and its siblings. The numbers are written to checkpoints.
type family uint8

const (
	familyService family = iota
	familyColo
	familyRoute
	familyCountry
	families
)

var familyPrefixes = [families]string{edge.FamilyService, edge.FamilyColo, edge.FamilyRoute, edge.FamilyCountry}

// dims are the labels of a key beside its service: platform, region and colo in family colo, route and version in family
// route, the country in family country. Fields are exported for the checkpoint.
type dims struct {
	Family           family
	Overflow         bool
	Signal, Service  string
	Dim1, Dim2, Dim3 string
}

func (d dims) clone() dims {
	d.Service = strings.Clone(d.Service)
	d.Dim1, d.Dim2, d.Dim3 = strings.Clone(d.Dim1), strings.Clone(d.Dim2), strings.Clone(d.Dim3)
	return d
}

func dimsOf(fam family, e *edge.Event) dims {
	f := &e.Facts
	d := dims{Family: fam, Signal: e.Signal(), Service: f.Service}
	switch fam {
	case familyColo:
		d.Dim1, d.Dim2, d.Dim3 = f.Platform, f.Region, f.Colo
	case familyRoute:
		d.Dim1, d.Dim2 = f.Route, f.Version
	case familyCountry:
		d.Dim1 = f.Country
	}
	return d
}

// key is a set of dimensions that some open window holds.
type key struct {
	dims dims
	// held counts the cells of the key; the key is forgotten with the last of them.
	held int
	// window and cell are those of the latest event, since the next one most often falls there too.
	window *window
	cell   *cell
}

// totals are numbers by slot, sorted by slot.
type totals struct {
	slots  []slot
	values []float64
}

func (t *totals) add(s slot, v float64) {
	i, found := slices.BinarySearch(t.slots, s)
	if found {
		t.values[i] += v
		return
	}
	t.slots = slices.Insert(t.slots, i, s)
	t.values = slices.Insert(t.values, i, v)
}

func (t *totals) value(s slot) float64 {
	if i, found := slices.BinarySearch(t.slots, s); found {
		return t.values[i]
	}
	return 0
}

// cell is the numbers of one key in one window.
type cell struct {
	key    *key
	window *window
	totals totals
	// written is when its totals were last given to the store, in Unix seconds of the clock; 0 for never.
	written int64
	// pending is what came since the last fold, in cells of the shortest width: it goes into totals and into the wider
	// windows at once, so that an event costs one cell and not three.
	pending totals
	// changed are the slots whose totals the store does not have yet.
	changed []slot
	queued  bool
}

func (c *cell) fold(t *totals) {
	for i, s := range t.slots {
		c.totals.add(s, t.values[i])
		if j, found := slices.BinarySearch(c.changed, s); !found {
			c.changed = slices.Insert(c.changed, j, s)
		}
	}
}

// window is one span of event time with its cells.
type window struct {
	tenant *tenant
	// width is an index of edge.Widths.
	width int
	id    windowID
	// part is the value of label edge_part: empty, or the name of a further part.
	part string
	// closes is when the window takes no more events, in Unix seconds of arrival.
	closes int64
	cells  map[*key]*cell
}

// windowID tells windows of one width apart. Which window an event belongs to follows from its time and its arrival alone, so
// that replaying it gives the same window, whatever else came before or after it.
type windowID struct {
	// start is in Unix seconds.
	start int64
	// period is 0 for events that arrive while the window is open, else the number of the Open-long period of their arrival.
	period int64
}

// tenant is the state of one tenant.
type tenant struct {
	id   edge.Tenant
	keys map[dims]*key
	// open are the windows that take events, by width.
	open [len(edge.Widths)]map[windowID]*window
	// latest is the window of the latest event.
	latest *window
	// versions are the (service, version) pairs seen, and when first, in Unix nanoseconds.
	versions map[version]int64
}

type version struct{ Service, Version string }

func newTenant(id edge.Tenant) *tenant {
	t := &tenant{id: id, keys: map[dims]*key{}, versions: map[version]int64{}}
	for i := range t.open {
		t.open[i] = map[windowID]*window{}
	}
	return t
}

// cell answers the cell of a key in the window, new when the key has none there.
func (w *window) cell(k *key) *cell {
	if k.window == w {
		return k.cell
	}
	c := w.cells[k]
	if c == nil {
		c = &cell{key: k, window: w}
		w.cells[k] = c
		k.held++
	}
	if w.width == 0 {
		k.window, k.cell = w, c
	}
	return c
}

// close forgets the windows that take no more events, and the keys that no other window holds. What the store was given less
// than settle seconds ago may not be durable there: its window stays, so that a checkpoint still has it.
func (t *tenant) close(now, settle int64) {
	for i := range t.open {
		for id, w := range t.open[i] {
			if now < w.closes || !w.settled(now-settle) {
				continue
			}
			delete(t.open[i], id)
			t.drop(w)
		}
	}
}

func (t *tenant) drop(w *window) {
	if t.latest == w {
		t.latest = nil
	}
	for k := range w.cells {
		if k.window == w {
			k.window, k.cell = nil, nil
		}
		if k.held--; k.held == 0 {
			delete(t.keys, k.dims)
		}
	}
}

// settled tells whether the store was given everything, at that second or before it.
func (w *window) settled(at int64) bool {
	for _, c := range w.cells {
		if len(c.changed) > 0 || len(c.pending.slots) > 0 || c.written > at {
			return false
		}
	}
	return true
}
