package rollup

import (
	"strings"

	"edgescope/edge"
)

// family is which dimensions a key has; see edge.FamilyService and its siblings. The numbers are written to
// checkpoints.
type family uint8

const (
	familyService family = iota
	familyColo
	familyRoute
	familyCountry
	families
)

var familyPrefixes = [families]string{edge.FamilyService, edge.FamilyColo, edge.FamilyRoute, edge.FamilyCountry}

// dims are the labels of a key beside its service: platform, region and colo in family colo, route and version in
// family route, the country in family country.
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

// key is a set of dimensions of a tenant that a part has totals of.
type key struct {
	tenant edge.Tenant
	dims   dims
	// index is its place in part.keys.
	index uint32
	// round, ticks and recent are the cell of pending events that the latest one went to: the next one most often goes
	// there too. They mean nothing in another round.
	round  uint32
	recent uint32
	ticks  int32
}

// keyBytes is about what a key takes beside its texts: itself, and its place in the list and the map.
const keyBytes = 360

func (d *dims) bytes() int64 {
	return keyBytes + int64(len(d.Service)+len(d.Dim1)+len(d.Dim2)+len(d.Dim3))
}

// keysOf returns the keys of a tenant.
func (p *part) keysOf(tenant edge.Tenant) map[dims]*key {
	keys := p.tenants[tenant]
	if keys == nil {
		keys = map[dims]*key{}
		p.tenants[tenant] = keys
	}
	return keys
}

// key returns the key of dimensions, new when the part has none. Beyond the bound of keys it is the one that stands for
// all others of its service.
func (r *Rollup) key(p *part, tenant edge.Tenant, keys map[dims]*key, d dims) *key {
	if k := keys[d]; k != nil {
		return k
	}
	if len(keys) >= r.opts.MaxKeys {
		d = dims{Family: d.Family, Overflow: true, Signal: d.Signal, Service: d.Service}
		r.warn(tenant)
		if k := keys[d]; k != nil {
			return k
		}
		if len(keys) >= 2*r.opts.MaxKeys { // even the services are too many: one series for all
			d.Service = ""
			if k := keys[d]; k != nil {
				return k
			}
		}
	}
	return p.addKey(tenant, keys, d.clone())
}

func (p *part) addKey(tenant edge.Tenant, keys map[dims]*key, d dims) *key {
	k := &key{tenant: tenant, dims: d, index: uint32(len(p.keys))}
	keys[d] = k
	p.keys = append(p.keys, k)
	p.keyBytes += d.bytes()
	return k
}
