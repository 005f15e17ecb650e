package logsql

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/store"
)

// maxTies is how many rows of one moment are brought into an order: of more, any are answered first.
const maxTies = 2_000

// page answers a part of the newest rows, which come newest first. The points of a batch have one time: rows of one
// moment are answered in the order of their content, so that pages neither repeat nor lose them.
type page struct {
	offset, limit int // that are still to be left out, and to be answered
	emit          func(store.Row) error
	keep          kept

	at         string // the moment of ties
	ties       []tie
	held, most int // bytes of ties, now and at most: those that are counted
}

// tie is a row and its content, its fields in the order of their names.
type tie struct {
	row     store.Row
	content string
}

// add takes the next row, whose texts are borrowed.
func (p *page) add(r store.Row) error {
	if at := r.Get(store.FieldTime); at != p.at || at == "" {
		if err := p.flush(); err != nil {
			return err
		}
		p.at = strings.Clone(at)
	}
	t := tie{row: make(store.Row, len(r))}
	for i, f := range r {
		t.row[i] = store.Field{Name: strings.Clone(f.Name), Value: strings.Clone(f.Value)}
	}
	p.ties = append(p.ties, t)
	p.held += rowBytes(r)
	if p.held <= p.most {
		return nil
	}
	more := p.held - p.most
	p.most = p.held
	return p.keep.add(more)
}

// flush answers the rows of a moment.
func (p *page) flush() error {
	if len(p.ties) > 1 {
		for i := range p.ties {
			byName := slices.Clone(p.ties[i].row)
			slices.SortFunc(byName, func(a, b store.Field) int { return strings.Compare(a.Name, b.Name) })
			p.ties[i].content = string(appendObject(nil, byName))
		}
		slices.SortStableFunc(p.ties, func(a, b tie) int { return strings.Compare(a.content, b.content) })
	}
	for i := range p.ties {
		switch {
		case p.offset > 0:
			p.offset--
		case p.limit > 0:
			p.limit--
			if err := p.emit(p.ties[i].row); err != nil {
				return err
			}
		}
	}
	clear(p.ties)
	p.ties, p.held = p.ties[:0], 0
	return nil
}

// all reads the rows of the last moment again, of which a limit may have left some out.
func (h *handler) all(ctx context.Context, window store.RowsQuestion, text string, p *page) error {
	ns, err := strconv.ParseInt(p.at, 10, 64)
	if err != nil {
		return nil //nolint:nilerr // rows without a time that could be asked for stay as they are
	}
	window.From, window.To = time.Unix(0, ns).UTC(), time.Unix(0, ns+1).UTC()
	window.LogsQL = piped(text, "limit "+strconv.Itoa(maxTies+1))
	few, held := slices.Clone(p.ties), p.held
	p.ties, p.held = p.ties[:0], 0
	err = h.rows(ctx, window, p.add)
	if len(p.ties) > maxTies || len(p.ties) < len(few) {
		p.ties, p.held = few, held
	}
	return err
}
