package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"

	"edgescope/chart"
)

// topology is a TopoJSON file with one collection of land (github.com/topojson/topojson-specification).
type topology struct {
	Transform struct {
		Scale     [2]float64 `json:"scale"`
		Translate [2]float64 `json:"translate"`
	} `json:"transform"`
	// Arcs are delta-coded points.
	Arcs    [][][2]float64 `json:"arcs"`
	Objects struct {
		Land struct {
			Geometries []struct {
				Type string          `json:"type"`
				Arcs json.RawMessage `json:"arcs"`
			} `json:"geometries"`
		} `json:"land"`
	} `json:"objects"`
}

// lonLat is a point in degrees.
type lonLat struct{ lon, lat float64 }

// drawWorld returns the land as an SVG of one path, in the projection of the dashboard's map.
func drawWorld(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var t topology
	if err := json.Unmarshal(text, &t); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	rings, err := t.rings()
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	height := 1000 / chart.MapAspect()
	var d []byte
	for _, ring := range rings {
		d = appendRing(d, ring, height)
	}
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 ` + strconv.FormatFloat(height, 'f', 1, 64) +
		`" preserveAspectRatio="none"><path d="` + string(d) + `"/></svg>`, nil
}

// rings returns the outlines of all land.
func (t *topology) rings() ([][]lonLat, error) {
	var out [][]lonLat
	for _, g := range t.Objects.Land.Geometries {
		var polygons [][][]int
		switch g.Type {
		case "MultiPolygon":
			if err := json.Unmarshal(g.Arcs, &polygons); err != nil {
				return nil, err
			}
		case "Polygon":
			polygons = make([][][]int, 1)
			if err := json.Unmarshal(g.Arcs, &polygons[0]); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("land is a %s: want Polygon or MultiPolygon", g.Type)
		}
		for _, polygon := range polygons {
			for _, ring := range polygon {
				points, err := t.ring(ring)
				if err != nil {
					return nil, err
				}
				out = append(out, points)
			}
		}
	}
	return out, nil
}

// ring joins arcs; a negative index is an arc backwards.
func (t *topology) ring(arcs []int) ([]lonLat, error) {
	var out []lonLat
	for _, index := range arcs {
		backwards := index < 0
		if backwards {
			index = ^index
		}
		if index >= len(t.Arcs) {
			return nil, fmt.Errorf("there is no arc %d", index)
		}
		points := t.arc(index)
		if backwards {
			for i, j := 0, len(points)-1; i < j; i, j = i+1, j-1 {
				points[i], points[j] = points[j], points[i]
			}
		}
		if len(out) > 0 {
			points = points[1:]
		}
		out = append(out, points...)
	}
	return out, nil
}

func (t *topology) arc(index int) []lonLat {
	out := make([]lonLat, 0, len(t.Arcs[index]))
	x, y := 0.0, 0.0
	for _, p := range t.Arcs[index] {
		x, y = x+p[0], y+p[1]
		out = append(out, lonLat{
			x*t.Transform.Scale[0] + t.Transform.Translate[0],
			y*t.Transform.Scale[1] + t.Transform.Translate[1],
		})
	}
	return out
}

// appendRing appends an outline to a path. Rings that reach into Antarctica are left out; where a ring crosses the edge
// of the map (Fiji, Chukotka) the path breaks.
func appendRing(d []byte, ring []lonLat, height float64) []byte {
	for _, p := range ring {
		if p.lat < -60 {
			return d
		}
	}
	open := false
	for i, p := range ring {
		x, y, ok := chart.Place(p.lat, p.lon)
		if !ok {
			continue
		}
		if !open || i > 0 && math.Abs(p.lon-ring[i-1].lon) > 180 {
			d = append(d, 'M')
		} else {
			d = append(d, 'L')
		}
		open = true
		d = strconv.AppendFloat(d, x*1000, 'f', 1, 64)
		d = append(d, ' ')
		d = strconv.AppendFloat(d, y*height, 'f', 1, 64)
	}
	if open {
		d = append(d, 'z')
	}
	return d
}
