package records_test

import (
	"encoding/json"
	"testing"
	"time"

	"edgescope/ingest/records"
)

// TestInstantReadsEveryUnit: senders count in every unit, and the size of a number tells which.
func TestInstantReadsEveryUnit(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 48, 40, 678_000_000, time.UTC)
	f := func(text string, want int64) {
		t.Helper()
		var got records.Instant
		if err := json.Unmarshal([]byte(text), &got); err != nil || int64(got) != want {
			t.Errorf("%s: %d, %v; want %d", text, got, err, want)
		}
	}
	f(`1796042920678`, at.UnixNano())
	f(`"1796042920678"`, at.UnixNano())
	f(`1796042920678.25`, at.UnixNano()+250_000) // performance.timeOrigin has fractions
	f(`1796042920`, at.Truncate(time.Second).UnixNano())
	f(`1796042920678000`, at.UnixNano())
	f(`1796042920678000000`, at.UnixNano())
	f(`"2026-11-30T12:48:40.678Z"`, at.UnixNano())
	f(`"2026-11-30T13:48:40.678+01:00"`, at.UnixNano())
	for _, none := range []string{
		`0`, `-1`, `-1e300`, `1e300`, `"NaN"`, `"-Inf"`, `"1e999"`, `null`, `true`, `{}`,
		`[]`, `""`, `"tomorrow"`, `"9999-01-01T00:00:00Z"`,
	} {
		f(none, 0)
	}
}
