package function_test

import (
	"testing"
	"unicode/utf8"
)

// Whatever is asked, nothing panics, errors can be read, and constants and columns have the same answer.
func FuzzEval(f *testing.F) {
	for _, s := range append(hot,
		"if(blob = '', 0, toFloat64OrZero(blob))", "formatDateTime(toDateTime('2026-03-29 02:30:00', 'Europe/Berlin'), '%F %T %z')",
		"toStartOfInterval(ts - INTERVAL '9' MONTH, INTERVAL '3' WEEK, 'America/St_Johns')", "bitRotateLeft(bitNot(-1), 300)",
		"substring(concat(blob, 'ä\\n'), -3, -1) ILIKE '%_Ä%'", "round(-double * 1e300, -5) % 7", "(1, 'a').2 IN ('a', NULL)",
		"multiIf(maybe > 1, [1], NULL, [2.5], [])", "format('{1}{0}', u64, i64)", "intDiv(i64, -1)", "dateDiff('week', ts, today())",
		"coalesce(nullIf(double, 2.5), maybe, 7)", "hex(splitByChar('i', blob).1)", "neighbor(runningDifference(weight), -1, 5)",
		"toDateTime64('1969-12-31 23:59:59.5', 9) + INTERVAL '1500' MILLISECOND", "greatest(ts, toDate(ts), toDateTime64(ts, 3))",
	) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := world{columns: columns}
		typ, got, err := w.ask(text)
		if err != nil {
			if !utf8.ValidString(err.Error()) && utf8.ValidString(text) {
				t.Errorf("%q: the error is no text: %q", text, err)
			}
			return
		}
		if again, same, err := w.ask(text); err != nil || same != got || again.String() != typ.String() {
			t.Errorf("%q: %q %s, and then %q %s (%v)", text, got, typ, same, again, err)
		}
	})
}
