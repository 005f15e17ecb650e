package jsonpath

import (
	"fmt"
	"strings"
	"testing"

	"edgescope/scenarios/value"
)

// BenchmarkFilter asks a list of 1,000 objects with a simple filter.
func BenchmarkFilter(b *testing.B) {
	items := make([]string, 1000)
	for i := range items {
		items[i] = fmt.Sprintf(`{"id":%d,"name":"n%d"}`, i, i)
	}
	root, err := value.Parse([]byte("[" + strings.Join(items, ",") + "]"))
	if err != nil {
		b.Fatal(err)
	}
	p, err := Compile("$[?(@.id > 990 && @.name)].id")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if all, err := p.All(root); len(all) != 9 || err != nil {
			b.Fatal(all, err)
		}
	}
}
