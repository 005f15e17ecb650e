package workers_test

import (
	"context"
	"net/http"
	"testing"

	"edgescope/edge"
)

type discard struct{}

func (discard) Events(context.Context, *edge.Batch) error { return nil }

// BenchmarkStream receives an invocation of 9 events, which become 3 spans and a log record.
func BenchmarkStream(b *testing.B) {
	rc := open(b, discard{})
	body := array(told()...)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if code, answer := post(rc, body); code != http.StatusOK {
			b.Fatalf("%d %s", code, answer)
		}
	}
}

// BenchmarkSniff looks at a body of another kind, as each post to the root of the ingest port is.
func BenchmarkSniff(b *testing.B) {
	rc := open(b, discard{})
	body := `{"accountId":"1","dataset":[101,100],"schemaVersion":"0","index1":[99,117],` +
		`"timestamp":"1795212616203000064","double1":25}`
	b.ReportAllocs()
	for b.Loop() {
		if code, _ := post(rc, body); code != 0 {
			b.Fatal(code)
		}
	}
}
