// Package place knows the places where edge functions run: what stands behind a code, and which region a platform means
// by a zone, a display name or another spelling.
package place

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// Place is a place where edge functions run: a point of presence by its airport code, or a region of a cloud.
type Place struct {
	// Code is as edge.colo and cloud.region spell it: three capitals, or a region such as us-east-1, iad1, gru.
	Code string
	City string
	// Country is an ISO 3166-1 code of two letters.
	Country string
	// Region is the part of the world: Europe, North America, South America, Asia, Middle East, Africa, Oceania.
	Region string
	// Lat and Lon are in degrees, north and east positive, good to about 0.1.
	Lat, Lon float64
}

// placeTable is put together by hand (2026): points of presence by the IATA code of their airport, with the airport's
// place, and the regions of AWS, Azure, Deno, Fly, Google Cloud and Vercel with that of their city. Platforms open
// places all the time: a code that is missing here is shown as it is spelt, without a place.
//
//go:embed places.tsv
var placeTable string

var places = sync.OnceValue(func() map[string]Place {
	table := make(map[string]Place)
	region := ""
	for line := range strings.Lines(placeTable) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "# "); ok {
			region = name
			continue
		}
		for _, p := range parsePlaces(line) {
			p.Region = region
			table[p.Code] = p
		}
	}
	return table
})

// parsePlaces reads a line "codes city country latitude longitude", separated by tabs; several codes of one place are
// separated by spaces.
func parsePlaces(line string) []Place {
	fields := strings.Split(line, "\t")
	if len(fields) != 5 {
		return nil
	}
	lat, errLat := strconv.ParseFloat(fields[3], 64)
	lon, errLon := strconv.ParseFloat(fields[4], 64)
	if errLat != nil || errLon != nil {
		return nil
	}
	var all []Place
	for code := range strings.FieldsSeq(fields[0]) {
		all = append(all, Place{Code: code, City: fields[1], Country: fields[2], Lat: lat, Lon: lon})
	}
	return all
}

// Lookup returns the place of a PoP or a region by its code, exactly as spelt in the events. An unknown code has none.
func Lookup(code string) (Place, bool) {
	p, ok := places()[code]
	return p, ok
}
