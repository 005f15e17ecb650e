package cost

import (
	"reflect"
	"strings"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/memory"
)

const (
	// blockBytes is what a block of rows has at most, as text (the engine's maxUncompressedBlockSize), and blockRows
	// what a block of short rows has.
	blockBytes = 2 << 20
	blockRows  = 16 << 10
	// escapes is how many bytes one byte takes at most as JSON: \u0000.
	escapes = 6
	// number is the length of a number, a time or a hash as text.
	number = 32
)

// texts follows how long the fields of a row get as they pass one pipe after the other. A field that no pipe has made
// is stored, and all stored fields of a block together have blockBytes.
type texts struct {
	made map[string]form // fields that pipes have made
	// any is what may be in every field beside, since unpack pipes make fields whose names only the rows know.
	any form
	// sum is all texts that were made: they stay in memory until the block has passed the last pipe.
	sum form
	// unit is the size in bytes of what all stored fields of a block have, and workers how many blocks there are at a
	// time.
	unit    float64
	workers float64
	total   float64 // of the pipes before the last one that gathers rows
}

func newTexts(workers int) *texts {
	return &texts{made: map[string]form{}, unit: blockBytes, workers: float64(workers)}
}

// bytes returns the size of all texts that are made of the blocks that pass at a time.
func (t *texts) bytes() float64 { return t.total + t.segment() }

// segment is bytes for the pipes since the last one that gathers rows. Buffers grow by copying: they take twice that
// for a moment.
func (t *texts) segment() float64 {
	return 2 * t.workers * (t.sum.most()*t.unit + t.sum.bytes*blockRows)
}

func (t *texts) field(name string) form {
	f, ok := t.made[name]
	if !ok {
		f = part(name)
	}
	return f.plus(t.any)
}

// everything is all fields of a row.
func (t *texts) everything() form {
	f := t.any.plus(form{all: 1})
	for _, made := range t.made {
		f = f.plus(made)
	}
	return f
}

// set says that a pipe makes a text and puts it into a field. A pipe with a condition leaves the field of other rows as
// it is.
func (t *texts) set(name string, f form) {
	t.sum = t.sum.plus(f)
	old, ok := t.made[name]
	if !ok {
		old = part(name)
	}
	t.made[name] = old.or(f)
}

// pipe follows one pipe.
func (t *texts) pipe(p reflect.Value) {
	follow, ok := pipes[p.Type().Name()]
	switch {
	case ok:
		follow(t, p, func(field string) string { return p.FieldByName(field).String() })
	case gathers[p.Type().Name()]:
		t.gather(p)
	}
}

// pipes are those that make texts, or move them, with what each does. text returns the value of one of its fields.
var pipes = map[string]func(t *texts, p reflect.Value, text func(field string) string){
	"pipeFormat": func(t *texts, p reflect.Value, text func(string) string) {
		t.set(text("resultField"), t.format(p.FieldByName("steps")))
	},
	"pipePackJSON": pack, "pipePackLogfmt": pack,
	"pipeReplace": func(t *texts, _ reflect.Value, text func(string) string) {
		grown := float64(len(text("newSubstr"))) / float64(max(len(text("oldSubstr")), 1))
		t.set(text("field"), t.field(text("field")).times(max(grown, 1)))
	},
	"pipeReplaceRegexp": func(t *texts, _ reflect.Value, text func(string) string) {
		// What matches nothing is replaced between any two characters.
		with := text("replacement")
		f := t.field(text("field")).times(1 + float64(strings.Count(with, "$")+len(with)))
		t.set(text("field"), f.plus(form{bytes: float64(len(with))}))
	},
	"pipeCollapseNums": func(t *texts, _ reflect.Value, text func(string) string) {
		t.set(text("field"), t.field(text("field")).times(3)) // 1 becomes <N>
	},
	"pipeSplit": words, "pipeUnpackWords": words,
	"pipeJSONArrayConcat": func(t *texts, _ reflect.Value, text func(string) string) {
		t.set(text("resultField"), t.field(text("fromField")).times(1+float64(len(text("delimiter")))))
	},
	"pipeExtract": func(t *texts, p reflect.Value, text func(string) string) {
		steps := p.FieldByName("ptn").Elem().FieldByName("steps")
		for i := range steps.Len() {
			if field := steps.Index(i).FieldByName("field").String(); field != "" {
				t.set(field, t.field(text("fromField")))
			}
		}
	},
	"pipeExtractRegexp": func(t *texts, p reflect.Value, text func(string) string) {
		fields := p.FieldByName("reFields")
		for i := range fields.Len() {
			t.set(fields.Index(i).String(), t.field(text("fromField")))
		}
	},
	"pipeUnpackJSON": unpack, "pipeUnpackLogfmt": unpack, "pipeUnpackSyslog": unpack,
	"pipeCopy": move, "pipeRename": move, "pipeCoalesce": move,
	"pipeJoin": rows, "pipeUnion": rows,
	"pipeMath": short, "pipeHash": short, "pipeLen": short, "pipeJSONArrayLen": short,
}

// gathers are the pipes that keep rows until all are there.
var gathers = map[string]bool{
	"pipeStats": true, "pipeRunningStats": true, "pipeUniq": true, "pipeTop": true, "pipeFieldValues": true,
	"pipeSort":   true,
	"pipeFacets": true, "pipeStreamContext": true, "pipeFirst": true, "pipeLast": true,
}

func pack(t *texts, p reflect.Value, text func(string) string) {
	t.set(text("resultField"), t.packed(p.FieldByName("fieldFilters")).times(escapes))
}

func words(t *texts, _ reflect.Value, text func(string) string) {
	t.set(text("dstField"), t.field(text("srcField")).times(3+escapes)) // a becomes "a",
}

func unpack(t *texts, _ reflect.Value, text func(string) string) {
	t.any = t.any.plus(t.field(text("fromField")))
	t.sum = t.sum.plus(t.any)
}

func short(t *texts, _ reflect.Value, _ func(string) string) { t.sum.bytes += number }

// format returns the form of the text that a format pipe makes.
func (t *texts) format(steps reflect.Value) form {
	var f form
	for i := range steps.Len() {
		step := steps.Index(i)
		f.bytes += float64(step.FieldByName("prefix").Len())
		field := step.FieldByName("field").String()
		if field == "" {
			continue
		}
		grown := 1.0
		switch step.FieldByName("fieldOpt").String() {
		case "q":
			grown = escapes
		case "urlencode", "uc", "lc":
			grown = 3
		case "base64encode", "hexencode":
			grown = 2
		}
		f = f.plus(t.field(field).times(grown)).plus(form{bytes: number})
	}
	return f
}

// packed returns the form of the fields that a pack pipe names, or of everything.
func (t *texts) packed(filters reflect.Value) form {
	var f form
	for i := range filters.Len() {
		name := filters.Index(i).String()
		if strings.HasSuffix(name, "*") {
			return t.everything()
		}
		f = f.plus(t.field(name)).plus(form{bytes: float64(len(name))})
	}
	if filters.Len() == 0 {
		return t.everything()
	}
	return f
}

// move follows pipes that give fields other names. They make no text.
func move(t *texts, p reflect.Value, _ func(string) string) {
	from := p.FieldByName("srcFieldFilters")
	to := p.FieldByName("dstFieldFilters")
	for i := range from.Len() {
		target := ""
		if to.IsValid() {
			target = to.Index(i).String()
		} else {
			target = p.FieldByName("dstField").String()
		}
		name := from.Index(i).String()
		if strings.HasSuffix(name, "*") || strings.HasSuffix(target, "*") {
			t.any = t.any.plus(t.everything())
			continue
		}
		t.made[target] = t.field(name).plus(t.made[target])
	}
}

// rows follows texts that stand in the question, in each of many rows.
func rows(t *texts, p reflect.Value, _ func(string) string) {
	rows := p.FieldByName("rows")
	longest := 0
	for i := range rows.Len() {
		row := rows.Index(i)
		n := 0
		for j := range row.Len() {
			n += row.Index(j).FieldByName("Value").Len()
		}
		longest = max(longest, n)
	}
	t.any.bytes += float64(longest)
}

// gather follows a pipe that keeps rows until all are there. What it gives on are new rows, whose fields count as
// stored.
func (t *texts) gather(p reflect.Value) {
	t.total += t.segment()
	*t = texts{made: map[string]form{}, unit: blockBytes, workers: t.workers, total: t.total}
	if funcs := p.FieldByName("funcs"); funcs.IsValid() {
		for i := range funcs.Len() {
			switch funcs.Index(i).FieldByName("f").Elem().Elem().Type().Name() {
			case "statsValues", "statsUniqValues", "statsJSONValues":
				// One text of many rows: a quarter of what the pipe may keep, since buffers and copies take the rest.
				t.unit, t.workers = max(blockBytes, states["pipeStats"]*float64(memory.Allowed())/4), 1
			}
		}
	}
}
