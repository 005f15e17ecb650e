package place

import (
	"maps"
	"math"
	"slices"
	"sync"
)

// earthRadius is the mean one, in kilometres.
const earthRadius = 6371.0

// byCountry are the places of each country, a city once.
var byCountry = sync.OnceValue(func() map[string][]Place {
	type city struct{ name, country string }
	seen, table := map[city]bool{}, map[string][]Place{}
	for _, code := range slices.Sorted(maps.Keys(places())) {
		p := places()[code]
		if c := (city{p.City, p.Country}); !seen[c] {
			seen[c] = true
			table[p.Country] = append(table[p.Country], p)
		}
	}
	return table
})

// Distance returns how far the cities of a country that are known here lie from a place on average, in kilometres over
// the ground; false where the country or the place is unknown. Users are not spread over a country as its cities are: it
// is good enough to tell continents apart, not neighbours.
func Distance(country, code string) (km float64, ok bool) {
	to, ok := Lookup(code)
	cities := byCountry()[country]
	if !ok || len(cities) == 0 {
		return 0, false
	}
	for i := range cities {
		km += cities[i].distance(&to)
	}
	return km / float64(len(cities)), true
}

// distance is that of the great circle, by the haversine formula.
func (p *Place) distance(o *Place) float64 {
	const degree = math.Pi / 180
	lat, lon := math.Sin((o.Lat-p.Lat)*degree/2), math.Sin((o.Lon-p.Lon)*degree/2)
	h := lat*lat + math.Cos(p.Lat*degree)*math.Cos(o.Lat*degree)*lon*lon
	return 2 * earthRadius * math.Asin(math.Sqrt(min(1, h)))
}
