package chart

import "math"

// The map shows the world in the Natural Earth projection between these latitudes, in degrees: south of them lies only
// Antarctica, north of them nothing.
const (
	mapSouth = -58.0
	mapNorth = 84.0
)

// MapAspect is the width of the map divided by its height. The style sheet gives the box of the land the same shape.
func MapAspect() float64 {
	width, _ := project(0, 180)
	return 2 * width / (projectedNorth() - projectedSouth())
}

func projectedNorth() float64 { _, y := project(mapNorth, 0); return y }
func projectedSouth() float64 { _, y := project(mapSouth, 0); return y }

// project is the Natural Earth projection (T. Patterson, B. Jenny, 2008) in radii of the globe; arguments are degrees.
func project(lat, lon float64) (x, y float64) {
	l, p := lon*math.Pi/180, lat*math.Pi/180
	p2 := p * p
	p4 := p2 * p2
	x = l * (0.8707 - 0.131979*p2 + p4*(-0.013791+p4*(0.003971*p2-0.001529*p4)))
	y = p * (1.007226 + p2*(0.015085+p4*(-0.044475+0.028874*p2-0.005916*p4)))
	return x, y
}

// Place returns where a point lies on the map: 0..1 from the left and from the top. ok is false outside the map.
func Place(lat, lon float64) (x, y float64, ok bool) {
	if !(lat >= mapSouth && lat <= mapNorth && lon >= -180 && lon <= 180) {
		return 0, 0, false
	}
	half, _ := project(0, 180)
	px, py := project(lat, lon)
	north, south := projectedNorth(), projectedSouth()
	return (px + half) / (2 * half), (north - py) / (north - south), true
}

// Dot is a place on the map.
type Dot struct {
	Name, Text string
	Lat, Lon   float64
	// Size is 0..1: the share of the busiest place.
	Size float64
	// Class is the state: ok, warn or bad. Bad dots get a ring, warn dots a thin one: the state is not told by colour
	// alone.
	Class string
	Link  string
	// Label is written beside the dot when it is not empty.
	Label string
}

// Map draws dots over the land, which the style sheet paints. Dots whose place is unknown are left out; the caller's
// table names them.
type Map struct {
	Title string
	Dots  []Dot
}

// SVG returns the dots. They are links: the whole is a group, not an image.
func (m *Map) SVG() string {
	var w writer
	w.raw(`<svg class="dots" role="group" width="100%" height="100%" aria-label="`)
	w.text(m.Title)
	w.raw(`">`)
	for _, d := range m.Dots {
		x, y, ok := Place(d.Lat, d.Lon)
		if !ok {
			continue
		}
		m.dot(&w, d, x, y)
	}
	w.raw("</svg>")
	return string(w.b)
}

func (m *Map) dot(w *writer, d Dot, x, y float64) {
	radius := 2.5 + 3.5*math.Sqrt(math.Max(0, math.Min(d.Size, 1)))
	w.raw(`<a href="`)
	w.text(d.Link)
	w.raw(`">`)
	w.title(d.Name + " " + d.Text)
	circle := func(class string, r float64) {
		w.raw("<circle")
		w.class(class)
		w.percent("cx", x)
		w.percent("cy", y)
		w.attr("r", r)
		w.raw("/>")
	}
	switch d.Class {
	case "bad":
		circle("halo bad", radius+5)
	case "warn":
		circle("ring warn", radius+3)
	}
	circle("dot "+d.Class, radius)
	if d.Label != "" {
		w.raw("<text")
		w.percent("x", x)
		w.percent("y", y)
		anchor := "start"
		w.raw(` dy="4"`)
		if x > 0.8 {
			w.raw(` dx="-12"`)
			anchor = "end"
		} else {
			w.raw(` dx="12"`)
		}
		w.raw(` text-anchor="` + anchor + `">`)
		w.text(d.Label)
		w.raw("</text>")
	}
	w.raw("</a>")
}
