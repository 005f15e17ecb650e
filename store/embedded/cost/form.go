package cost

import "maps"

// form is a bound of how long a text gets, as a sum: so many bytes, and so many times the length of each part that it
// is made of. Texts that are made of texts are sums of forms, so that a text that doubles itself thirty times is found
// by thirty additions. Forms share their maps, which do not change.
type form struct {
	bytes float64
	// all is how often every part is in it, of how often each of these beside.
	all float64
	of  map[string]float64
}

// part is the form of a part itself.
func part(name string) form { return form{of: map[string]float64{name: 1}} }

// plus returns the form of both texts, one behind the other.
func (f form) plus(g form) form {
	sum := form{bytes: f.bytes + g.bytes, all: f.all + g.all, of: f.of}
	if len(g.of) == 0 {
		return sum
	}
	sum.of = make(map[string]float64, len(f.of)+len(g.of))
	maps.Copy(sum.of, f.of)
	for name, n := range g.of {
		sum.of[name] += n
	}
	return sum
}

// times returns the form of the text n times.
func (f form) times(n float64) form {
	product := form{bytes: f.bytes * n, all: f.all * n, of: make(map[string]float64, len(f.of))}
	for name, m := range f.of {
		product.of[name] = m * n
	}
	return product
}

// or returns a form that is as long as either.
func (f form) or(g form) form {
	longest := form{
		bytes: max(f.bytes, g.bytes), all: max(f.all, g.all),
		of: make(map[string]float64, len(f.of)+len(g.of)),
	}
	maps.Copy(longest.of, f.of)
	for name, n := range g.of {
		longest.of[name] = max(longest.of[name], n)
	}
	return longest
}

// with returns the form after parts have been replaced by texts of these forms; other parts stay.
func (f form) with(parts map[string]form) form {
	sum := form{bytes: f.bytes, all: f.all}
	for name, n := range f.of {
		g, ok := parts[name]
		if !ok {
			g = part(name)
		}
		sum = sum.plus(g.times(n))
	}
	return sum
}

// most returns how often the part that is in it most often is in it: all parts together have this many times their
// length.
func (f form) most() float64 {
	most := 0.0
	for _, n := range f.of {
		most = max(most, n)
	}
	return f.all + most
}
