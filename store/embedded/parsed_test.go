package embedded

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect/promql"
)

// TestTextsOfTheEngineAreBounded holds that many large texts, which the engine keeps, do not take more memory than is
// meant for them.
func TestTextsOfTheEngineAreBounded(t *testing.T) {
	live := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := live()
	var p parsed
	const texts, size = 500, 990 // operands: 115 MiB as the engine keeps them
	for i := range texts {
		text := strconv.Itoa(i) + strings.Repeat("+time()", size)
		p.note(text, int64(len(text)))
		promql.IsMetricSelectorWithRollup(text) // it parses the text
	}
	if grown := live() - before; grown > 32<<20 {
		t.Errorf("%d texts of %d operands take %d MiB", texts, size, grown>>20)
	}
}
