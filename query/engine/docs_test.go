package engine_test

import (
	"encoding/hex"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
)

// TestExamplesOfTheDocumentHold asks every example of docs/api.md that the engine answers.
func TestExamplesOfTheDocumentHold(t *testing.T) {
	w := newWorld(t)
	w.documented()
	answers := w.engine.Answers()
	questions := slices.Collect(maps.Keys(answers.All))
	for name := range answers.One {
		questions = append(questions, name+"/")
	}
	w.Examples(t, "../../docs/api.md", answers, questions...)
}

// rows returns the cells of the table below a heading line of the document.
func rows(t *testing.T, doc, heading string) [][]string {
	t.Helper()
	_, after, ok := strings.Cut(doc, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("the document has no table %s", heading)
	}
	var out [][]string
	for line := range strings.Lines(after) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		out = append(out, cells)
	}
	return out[1:]
}

// TestFilterTextsOfTheDocumentHold asks for the traces of each text that docs/api.md explains, of the requests that it
// shows.
func TestFilterTextsOfTheDocumentHold(t *testing.T) {
	doc, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for i, r := range rows(t, string(doc), "| request | service | region | route | status | `my.key` |") {
		status, err := strconv.Atoi(r[4])
		if err != nil {
			t.Fatal(err)
		}
		e := w.Invocation(w.Now.Add(-time.Minute), time.Duration(i+1)*time.Second,
			edge.Facts{Service: r[1], Region: r[2], Route: r[3], Status: status, Outcome: edge.OutcomeOK})
		e.Name = "GET " + r[3]
		if r[5] != "" {
			e.Attrs = append(e.Attrs, edge.Attr{Key: "my.key", Value: r[5]})
		}
		w.Write(tenant, e)
	}
	texts := rows(t, string(doc), "| `q` | finds | since |")
	if len(texts) < 15 {
		t.Errorf("%d texts, want those of the document", len(texts))
	}
	for _, r := range texts {
		answer, err := w.engine.Traces(t.Context(), tenant, w.Ask("range=15m&sort=duration&q="+url.QueryEscape(r[0])))
		if err != nil {
			t.Errorf("%s: %v", r[0], err)
			continue
		}
		var found []string
		for _, trace := range answer.Traces {
			found = append(found, strconv.Itoa(int(trace.Duration/1000))) // as long in seconds as its number
		}
		if got := strings.Join(found, ", "); got != r[1] {
			t.Errorf("%s finds %s, want %s", r[0], got, r[1])
		}
	}
}

// documented loads what the examples speak of.
func (w *world) documented() {
	for _, line := range []string{
		"600 -125m..-65m region=FRA route=/a version=v1 ms=10,20 cold=false cache=hit",
		"300 -125m..-65m region=IAD route=/b version=v1 ms=40 cold=false cache=hit",
		"600 -60m..0m region=FRA route=/a version=v1 ms=10,20 cold=false cache=hit",
		"300 -60m..0m region=IAD route=/b version=v2 ms=90,110 cold=true init=50 cache=miss",
		"120 -60m..0m region=SIN route=/b version=v2 ms=30 outcome=error",
		"10 -60m..0m service=points ms=1 signal=datapoint",
	} {
		if err := w.Load(line); err != nil {
			w.T.Fatal(err)
		}
	}
	w.refuse(tenant, w.Now.Add(-time.Minute),
		refusedTotal{edge.MetricRefusedRequests, "too_large", "OTel-OTLP-Exporter-JavaScript at 10.0.0.1", 3})
	w.refuse(tenant, w.Now.Add(-12*time.Minute),
		refusedTotal{edge.MetricRefusedRecords, "no valid trace id", "shop", 20})
	w.refuse(tenant, w.Now.Add(-12*time.Minute), refusedTotal{edge.MetricChangedValues, "time ahead", "shop", 5})
	traced := w.Invocation(w.Now.Add(-time.Second), 118*time.Millisecond,
		edge.Facts{Service: "shop", Region: "IAD", Route: "/b", ColdStart: edge.True})
	if _, err := hex.Decode(traced.TraceID[:], []byte("4bf92f3577b34da6a3ce929d0e0e4736")); err != nil {
		w.T.Fatal(err)
	}
	w.Write(tenant, traced)
	w.bench(edge.Bench{
		ID: "1bf7651916cd43dd8448eb211c80319d", Name: "wasm-vs-js", Started: w.Now.Add(-time.Minute),
		Results: []edge.BenchRow{{Size: "small", Engine: "js", Ratio: 1, CI: [2]float64{1, 1}}},
	}, w.Now)
	w.byEngine("wasm-simd", w.Now.Add(-time.Second), 4*time.Millisecond)
	w.run(edge.Run{
		ID: "0af7651916cd43dd8448eb211c80319c", Name: "guide", Started: w.Now.Add(-time.Minute),
		Ended: w.Now, Updated: w.Now, Verdict: edge.VerdictPassed,
	})
}
