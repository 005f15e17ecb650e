package traces_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/traces"
	"edgescope/store"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// rows are a store of spans that understands the questions of lists: a range, an order, an offset and a limit.
type rows struct {
	spans []span
	asked []store.RowsQuestion
}

type span struct {
	id       string
	trace    string
	end      time.Time
	duration time.Duration
}

func (s *rows) Rows(_ context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	s.asked = append(s.asked, q)
	var found []span
	for _, x := range s.spans {
		if !x.end.Before(q.From) && x.end.Before(q.To) && (x.trace == "" || strings.Contains(q.LogsQL, x.trace)) {
			found = append(found, x)
		}
	}
	switch {
	case strings.Contains(q.LogsQL, "| stats min(_time) first, max(_time) last"):
		return emit(ends(found))
	case strings.Contains(q.LogsQL, "duration desc"):
		slices.SortStableFunc(found, func(x, y span) int { return cmp.Compare(y.duration, x.duration) })
	case strings.Contains(q.LogsQL, "sort by (duration"):
		slices.SortStableFunc(found, func(x, y span) int { return cmp.Compare(x.duration, y.duration) })
	case strings.Contains(q.LogsQL, "sort by (_time desc)"):
		slices.SortStableFunc(found, func(x, y span) int { return y.end.Compare(x.end) })
	}
	found = found[min(len(found), numberAfter(q.LogsQL, "offset ", 0)):]
	found = found[:min(len(found), numberAfter(q.LogsQL, "limit ", len(found)))]
	for _, x := range found {
		row := store.Row{
			{Name: store.FieldTime, Value: strconv.FormatInt(x.end.UnixNano(), 10)},
			{Name: store.FieldSpanID, Value: x.id},
			{Name: store.FieldTraceID, Value: x.trace},
			{Name: edge.KeyDuration, Value: strconv.FormatInt(int64(x.duration), 10)},
		}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// ends is the row of the first and the last end, without values when nothing was found.
func ends(found []span) store.Row {
	if len(found) == 0 {
		return store.Row{{Name: "first"}, {Name: "last"}}
	}
	byEnd := func(x, y span) int { return x.end.Compare(y.end) }
	return store.Row{
		{Name: "first", Value: slices.MinFunc(found, byEnd).end.Format(time.RFC3339Nano)},
		{Name: "last", Value: slices.MaxFunc(found, byEnd).end.Format(time.RFC3339Nano)},
	}
}

func numberAfter(text, word string, otherwise int) int {
	_, rest, ok := strings.Cut(text, word)
	if !ok {
		return otherwise
	}
	number, _, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		return otherwise
	}
	return n
}

func ids(list []query.Trace) string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].SpanID
	}
	return strings.Join(out, " ")
}

// TestPagesFollowEachOther holds that pages of any length show every span once, the newest first, also where many have
// one time.
func TestPagesFollowEachOther(t *testing.T) {
	s := &rows{}
	for i := range 40 {
		s.spans = append(s.spans,
			span{id: fmt.Sprintf("%02d", i), end: noon.Add(-time.Duration(i/7) * 3 * time.Second)})
	}
	want := slices.Clone(s.spans)
	slices.SortFunc(want, func(x, y span) int { return cmp.Or(y.end.Compare(x.end), cmp.Compare(y.id, x.id)) })
	for limit := 1; limit < 45; limit++ {
		var got []string
		after := ""
		for page := 0; ; page++ {
			l := traces.List{
				Rows: s.Rows, Filter: "*", From: noon.Add(-time.Hour), To: noon.Add(time.Second),
				Limit: limit, After: after,
			}
			list, next, err := l.Newest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i := range list {
				got = append(got, list[i].SpanID)
			}
			if after = next; after == "" || page > 50 {
				break
			}
		}
		for i := range want {
			if len(got) != len(want) || got[i] != want[i].id {
				t.Fatalf("pages of %d: %v", limit, got)
			}
		}
	}
}

// TestTheNewestAreFoundInShortRanges holds that a list of the newest does not read its whole range.
func TestTheNewestAreFoundInShortRanges(t *testing.T) {
	s := &rows{}
	for i := range 10 {
		s.spans = append(s.spans, span{id: strconv.Itoa(i), end: noon.Add(-time.Duration(i) * 100 * time.Millisecond)})
	}
	l := traces.List{
		Rows: s.Rows, Filter: "*", From: noon.Add(-24 * time.Hour), To: noon.Add(time.Millisecond), Limit: 3,
	}
	list, _, err := l.Newest(t.Context())
	if err != nil || ids(list) != "0 1 2" {
		t.Fatalf("%s, %v", ids(list), err)
	}
	for _, q := range s.asked {
		if q.To.Sub(q.From) > 2*time.Second {
			t.Errorf("it asked %s", q.To.Sub(q.From))
		}
		if q.Kind != edge.KindSpan {
			t.Errorf("it asked for %v", q.Kind)
		}
	}
}

func TestTheSlowestArePagedByNumber(t *testing.T) {
	s := &rows{}
	for i := range 5 {
		s.spans = append(s.spans, span{id: strconv.Itoa(i), end: noon, duration: time.Duration(i%3) * time.Second})
	}
	l := traces.List{Rows: s.Rows, Filter: "*", From: noon.Add(-time.Hour), To: noon.Add(time.Second), Limit: 2}
	f := func(after string, descending bool, want, wantNext string) {
		t.Helper()
		l.After = after
		list, next, err := l.ByDuration(t.Context(), descending)
		if err != nil || ids(list) != want || next != wantNext {
			t.Errorf("after %q: %s, next %q, %v; want %s and %q", after, ids(list), next, err, want, wantNext)
		}
	}
	f("", true, "2 1", "2")
	f("2", true, "4 0", "4")
	f("4", true, "3", "")
	f("", false, "0 3", "2")
}

func TestWrongCursorsAreTold(t *testing.T) {
	l := traces.List{Rows: (&rows{}).Rows, From: noon.Add(-time.Hour), To: noon, Limit: 2}
	for _, after := range []string{"x", "-", "?-00", "1"} {
		l.After = after
		var wrong *query.ParamError
		if _, _, err := l.Newest(t.Context()); !errors.As(err, &wrong) || wrong.Key != query.KeyAfter {
			t.Errorf("newest after %q: %v", after, err)
		}
	}
	l.After = "-1"
	var wrong *query.ParamError
	if _, _, err := l.ByDuration(t.Context(), true); !errors.As(err, &wrong) || wrong.Key != query.KeyAfter {
		t.Errorf("by duration: %v", err)
	}
}

// TestATraceIsSearchedBackwards holds how far a search goes and that it then looks around what it found.
func TestATraceIsSearchedBackwards(t *testing.T) {
	s := &rows{spans: []span{
		{id: "a", trace: "00aa", end: noon.Add(-30 * time.Hour), duration: time.Second},
		{id: "b", trace: "00aa", end: noon.Add(-30*time.Hour - 40*time.Minute), duration: time.Second},
		{id: "c", trace: "00bb", end: noon.Add(-time.Minute)},
	}}
	search := traces.Search{Rows: s.Rows, Now: noon, Retention: 48 * time.Hour}
	spans, err := search.Find(t.Context(), "00aa")
	if err != nil || len(spans) != 2 {
		t.Fatalf("%d spans, %v", len(spans), err)
	}
	if n := len(s.asked); n < 3 || n > 6 {
		t.Errorf("it took %d questions", n)
	}
	d := traces.Waterfall(spans)
	if d.Spans[0].ID != "b" || d.Spans[0].Offset != 0 || d.Spans[1].Offset != 40*60*1000 ||
		d.Duration != 40*60*1000+1000 {
		t.Errorf("%+v", d)
	}
	s.asked = nil
	_, err = search.Find(t.Context(), "00cc")
	if !errors.Is(err, query.ErrNotFound) || !strings.Contains(err.Error(), "2026-03-02T12:00:00Z") {
		t.Errorf("a trace that is not there: %v", err)
	}
	if last := s.asked[len(s.asked)-1]; !last.From.Equal(noon.Add(-48 * time.Hour)) {
		t.Errorf("it looked back to %s only", last.From)
	}
}

// TestATraceIsReadWhole holds that spans which lie far from the one that was found first belong to the trace too: below a
// span that lasted for hours.
func TestATraceIsReadWhole(t *testing.T) {
	for name, of := range map[string][]span{
		"a long root": {
			{id: "root", end: noon.Add(-time.Minute), duration: 5 * time.Hour},
			{id: "c1", end: noon.Add(-299 * time.Minute), duration: time.Second},
			{id: "c2", end: noon.Add(-150 * time.Minute), duration: time.Second},
		},
		"a long root, long ago": {
			{id: "root", end: noon.Add(-25 * time.Hour), duration: 30 * time.Hour},
			{id: "c1", end: noon.Add(-54 * time.Hour), duration: time.Second},
		},
		"long spans below each other": {
			{id: "root", end: noon.Add(-200 * time.Minute), duration: 5 * time.Hour},
			{id: "c1", end: noon.Add(-150 * time.Minute), duration: 3 * time.Hour},
			{id: "c2", end: noon.Add(-time.Minute), duration: 2 * time.Hour},
			{id: "c3", end: noon.Add(-490 * time.Minute)},
		},
	} {
		s := &rows{}
		for _, x := range of {
			x.trace = "00aa"
			s.spans = append(s.spans, x)
		}
		search := traces.Search{Rows: s.Rows, Now: noon, Retention: 480 * time.Hour}
		spans, err := search.Find(t.Context(), "00aa")
		if err != nil || len(spans) != len(of) {
			t.Errorf("%s: %d spans of %d, %v", name, len(spans), len(of), err)
		}
	}
}

// TestOfALongTraceTheFirstSpansAreFound holds that the root, whose row comes last, is never what is left out, that spans
// which came twice take no room, and that one span more tells of more.
func TestOfALongTraceTheFirstSpansAreFound(t *testing.T) {
	for _, more := range []int{0, 1, traces.MaxSpans + 2} {
		s := &rows{}
		for i := range traces.MaxSpans + more - 1 {
			child := span{id: fmt.Sprintf("c%05d", i), trace: "00aa", end: noon.Add(time.Duration(i))}
			s.spans = append(s.spans, child, child)
		}
		s.spans = append(s.spans, span{id: "root", trace: "00aa", end: noon.Add(time.Minute), duration: time.Hour})
		search := traces.Search{Rows: s.Rows, Now: noon.Add(time.Minute), Retention: 48 * time.Hour}
		spans, err := search.Find(t.Context(), "00aa")
		if err != nil || len(spans) != traces.MaxSpans+min(more, 1) || spans[0].ID != "root" {
			t.Fatalf("%d more: %d spans, %v", more, len(spans), err)
		}
		if last := spans[traces.MaxSpans-1].ID; last != fmt.Sprintf("c%05d", traces.MaxSpans-2) {
			t.Errorf("%d more: the last is %s", more, last)
		}
	}
}

// TestAFailingStoreFailsTheList holds that half a list is no list.
func TestAFailingStoreFailsTheList(t *testing.T) {
	broken := errors.New("disk")
	fail := func(context.Context, store.RowsQuestion, func(store.Row) error) error { return broken }
	l := traces.List{Rows: fail, From: noon.Add(-time.Hour), To: noon, Limit: 2}
	if _, _, err := l.Newest(t.Context()); !errors.Is(err, broken) {
		t.Errorf("newest: %v", err)
	}
	search := traces.Search{Rows: fail, Now: noon, Retention: time.Hour}
	if _, err := search.Find(t.Context(), "00aa"); !errors.Is(err, broken) {
		t.Errorf("search: %v", err)
	}
	bad := func(_ context.Context, _ store.RowsQuestion, emit func(store.Row) error) error {
		return emit(store.Row{{Name: store.FieldTime, Value: "yesterday"}})
	}
	l.Rows = bad
	if _, _, err := l.Newest(t.Context()); err == nil {
		t.Error("a row without a time is a trace")
	}
}
