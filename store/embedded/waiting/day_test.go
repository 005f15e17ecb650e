package waiting

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/edge"
	"edgescope/store"
)

// given is what a piece of rows holds, as text.
func given(rows *logstorage.LogRows) (list []string) {
	rows.ForEachRow(func(_ uint64, r *logstorage.InsertRow) {
		list = append(list, fmt.Sprint(r.TenantID.AccountID, r.Timestamp,
			string(logstorage.MarshalFieldsToJSON(nil, r.Fields))))
	})
	return list
}

// anEvent is a span with attributes of one of a few shapes. Some are too long for a segment.
func anEvent(random *rand.Rand, batch int) edge.Event {
	e := edge.Event{Time: random.Int64N(1e6), Name: fmt.Sprintf("batch %d", batch)}
	e.Facts.Service, e.Facts.Region = []string{"shop", "login", ""}[random.IntN(3)],
		[]string{"FRA", "IAD", ""}[random.IntN(3)]
	for i := range random.IntN(6) {
		e.Attrs = append(e.Attrs, edge.Attr{Key: "k" + strconv.Itoa(i), Value: strings.Repeat("v", random.IntN(40))})
	}
	if random.IntN(200) == 0 {
		e.Attrs = append(e.Attrs, edge.Attr{Key: "long", Value: strings.Repeat("x", longRow+random.IntN(longRow))})
	}
	return e
}

// TestRowsOfABatchAndStreamAreGivenInOnePiece: after kill -9 the engine has a piece or not, and a replay counts on
// that.
func TestRowsOfABatchAndStreamAreGivenInOnePiece(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w := newWaiting(edge.KindSpan, 0)
	var r renderer
	var want []string
	for batch := range 300 {
		tenant := edge.Tenant(batch % 2)
		for range 1 + random.IntN(30) {
			e := anEvent(random, batch)
			r.fill(tenant, []edge.Event{e})
			w.add(tenant, uint32(batch+1), &r, &r.rows[0])
			row := waitingRow{shape: r.rows[0].shape, values: r.values(&r.rows[0])}
			want = append(want, fmt.Sprint(uint32(tenant), e.Time,
				string(logstorage.MarshalFieldsToJSON(nil, row.fields(nil)))))
		}
	}

	var got []string
	pieceOf := map[string]int{}
	pieces := 0
	var rowsBetween spares
	w.give(16<<10, &rowsBetween, func(rows *logstorage.LogRows) {
		pieces++
		got = append(got, given(rows)...)
		rows.ForEachRow(func(_ uint64, r *logstorage.InsertRow) {
			name := r.Fields[slices.IndexFunc(r.Fields, isName)].Value // tells the batch
			unit := fmt.Sprint(r.TenantID, r.StreamTagsCanonical, name)
			if before, ok := pieceOf[unit]; ok && before != pieces {
				t.Errorf("%s is in pieces %d and %d", unit, before, pieces)
			}
			pieceOf[unit] = pieces
		})
		rowsBetween.put(edge.KindSpan, rows)
	})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d rows were given, want %d; or they differ", len(got), len(want))
	}
	if pieces < 10 {
		t.Errorf("%d pieces, want more: they are of about 16 KiB", pieces)
	}
	w.release()
}

func isName(f logstorage.Field) bool { return f.Name == store.FieldName }

// TestRowsOfAShapeFollowEachOther: what is like in the row before, the engine does not copy again.
func TestRowsOfAShapeFollowEachOther(t *testing.T) {
	f := func(batches, want string) {
		t.Helper()
		w := newWaiting(edge.KindSpan, 0)
		defer w.release()
		var r renderer
		for batch, names := range strings.Fields(batches) {
			for i := range names {
				e := edge.Event{Time: 1, Attrs: []edge.Attr{{Key: names[i : i+1], Value: "is here"}}}
				r.fill(0, []edge.Event{e})
				w.add(0, uint32(batch+1), &r, &r.rows[0])
			}
		}
		var got []byte
		w.give(1<<20, new(spares), func(rows *logstorage.LogRows) {
			rows.ForEachRow(func(_ uint64, r *logstorage.InsertRow) { got = append(got, r.Fields[0].Name...) })
		})
		if string(got) != want {
			t.Errorf("%s: given as %s, want %s", batches, got, want)
		}
	}
	f("a", "a")
	f("abab", "aabb")
	f("abcba abcba", "aabbcaabbc")
	f("abcdeabcde", "aabbccddee") // of the fifth shape nobody knows the end
	f("abcdeeabcd", "aabbccddee")
	f("abcdefef", "abcdefef")
}

func TestAddingARowAllocatesNothing(t *testing.T) {
	events := []edge.Event{{Name: "GET /", Time: 7, Attrs: []edge.Attr{
		{Key: "url.path", Value: "/cart/7"},
		{Key: "server.address", Value: "shop"},
	}}}
	events[0].Facts.Service = "shop"
	w := newWaiting(edge.KindSpan, 0)
	defer w.release()
	w.rows = slices.Grow(w.rows, 2000)
	var r renderer
	add := func() {
		r.fill(0, events)
		w.add(0, 1, &r, &r.rows[0])
	}
	add()
	if n := testing.AllocsPerRun(1000, add); n > 0.1 { // a segment now and then
		t.Errorf("%v allocations, want 0", n)
	}
}
