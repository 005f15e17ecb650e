package processor

import (
	"cmp"
	"context"
	"slices"
)

// Program is a processor that a worker has evaluated once. It is read-only and safe for concurrent use.
type Program struct {
	source  Source
	options Options
	names   []string
}

// Load has a worker evaluate a source and asks what it exports. If it cannot be run the problem says why.
func Load(ctx context.Context, s Source, o Options) (*Program, *Problem) {
	o.Limit, o.Memory = cmp.Or(o.Limit, DefaultLimit), cmp.Or(o.Memory, DefaultMemory)
	p := &Program{source: s, options: o}
	c, err := p.startChild(ctx, nil)
	if err != nil {
		return nil, &Problem{File: s.Path, Msg: "the processor cannot be loaded: " + err.Error()}
	}
	defer c.close()
	if c.loaded.Problem != nil {
		return nil, c.loaded.Problem
	}
	p.names = c.loaded.Names
	return p, nil
}

// Names are the functions that the processor exports, sorted.
func (p *Program) Names() []string { return p.names }

// Has tells whether the processor exports a function of this name.
func (p *Program) Has(name string) bool {
	_, found := slices.BinarySearch(p.names, name)
	return found
}
