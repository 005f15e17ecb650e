package payload_test

import (
	"fmt"
	"strings"
	"testing"

	"edgescope/internal/tree"
	"edgescope/scenarios/payload"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/value"
)

// read reads a payload of a file with this content.
func read(t testing.TB, yaml, content string) (*payload.Payload, tree.Problems) {
	t.Helper()
	n, problems := tree.Parse("s.yml", []byte(yaml))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", yaml, problems)
	}
	s := &settings.Reader{}
	r := payload.Reader{Settings: s, File: func(_ *tree.Node, name string) (string, []byte, bool) {
		return name, []byte(content), true
	}}
	p := r.Read(n)
	return p, s.Problems
}

// What csv-parse 4.16 makes of the same texts, with the options that Artillery gives it.
func TestCSVIsCSVParses(t *testing.T) {
	f := func(options, text, want string) {
		t.Helper()
		p, problems := read(t, "{path: f.csv, loadAll: true, name: all, options: "+options+"}", text)
		got := "refused"
		if len(problems) == 0 {
			got = string(value.AppendJSON(nil, p.All))
		}
		if got != want {
			t.Errorf("%s of %q: got %s %v, want %s", options, text, got, problems, want)
		}
	}
	f("{}", "1,ann\n2,bob\n", `[[1,"ann"],[2,"bob"]]`)
	f("{}", "1,ann\r\n2,bob\r\n", `[[1,"ann"],[2,"bob"]]`)
	f("{}", "1,ann\r2,bob", `[[1,"ann"],[2,"bob"]]`)
	f("{}", "1,ann\n\n2,bob\n\n", `[[1,"ann"],[2,"bob"]]`)
	f("{}", "007,1e2\n", "[[7,100]]")
	f("{}", " 7 ,-1.5\n", "[[7,-1.5]]")
	f("{}", "+5,.5\n", "[[5,0.5]]")
	f("{}", "12abc,1_0\n", `[["12abc","1_0"]]`)
	f("{}", "Infinity,NaN\n", `[["Infinity","NaN"]]`)
	f("{}", ",\n", `[["",""]]`)
	f("{}", "\"a,b\",\"c\"\"d\"\n", `[["a,b","c\"d"]]`)
	f("{}", "\"l\nm\",x\n", `[["l\nm","x"]]`)
	f("{}", "\"12\",x\n", `[[12,"x"]]`)
	f("{}", "a, \"b\"\n", "refused")
	f("{}", "\"a\"b\n", "refused")
	f("{}", "a\"b\n", "refused")
	f("{}", "\"a\n", "refused")
	f("{}", "1,2\n3\n", "refused")
	f("{}", "1\n2,3\n", "refused")
	f("{}", "", "[]")
	f("{}", "\n\n", "[]")
	f("{}", "é,ü\n", `[["é","ü"]]`)
	f("{}", "   \n", `[["   "]]`)
	f("{}", "a\tb\n", `[["a\tb"]]`)
	f("{delimiter: ;}", "1;2,5\n", `[[1,"2,5"]]`)
	f("{delimiter: '::'}", "1::2\n", "[[1,2]]")
	f("{delimiter: [';', ',']}", "1;2,3\n", "[[1,2,3]]")
	f(`{delimiter: "\t"}`, "1\t2\n", "[[1,2]]")
	f(`{delimiter: ;, quote: "'"}`, "1;'x; y'\n", `[[1,"x; y"]]`)
	f(`{quote: "'"}`, "'it''s',\"x\"\n", "refused")
	f("{quote: false}", "\"a\",b\n", `[["\"a\"","b"]]`)
	f("{quote: null}", "\"a\",b\n", `[["\"a\"","b"]]`)
	f("{quote: ''}", "\"a\",b\n", `[["\"a\"","b"]]`)
	f("{quote: true}", "\"a,b\"\n", `[["a,b"]]`)
	f("{escape: '\\'}", "\"a\\\"b\",c\n", `[["a\"b","c"]]`)
	f(`{quote: "'", escape: '\'}`, "'a\\'b',c\n", `[["a'b","c"]]`)
	f("{escape: null}", "\"a\"\"b\"\n", "refused")
	f(`{quote: '""'}`, "\"\"a,b\"\",c\n", "refused")
	f("{comment: '#'}", "# note\n1,2\n3,4 # more\n", "[[1,2],[3,4]]")
	f("{comment: '//'}", "1 // a\n2\n", "[[1],[2]]")
	f("{comment: '#'}", "\"#a\",b\n", `[["#a","b"]]`)
	f("{skip_empty_lines: false}", "1\n\n2\n", `[[1],[""],[2]]`)
	f("{skipEmptyLines: false}", "1\n\n2\n", `[[1],[""],[2]]`)
	f("{skip_lines_with_empty_values: true}", "1,2\n , \n3,4\n", "[[1,2],[3,4]]")
	f("{skip_lines_with_error: true}", "1,2\n3\n4,5\n", "[[1,2],[4,5]]")
	f("{skip_lines_with_error: true}", "1,2\na\"b,3\n4,5\n", "[[1,2],[4,5]]")
	f("{trim: true}", " a , b \n", `[["a","b"]]`)
	f("{ltrim: true}", " a , b \n", `[["a ","b "]]`)
	f("{rtrim: true}", " a , b \n", `[[" a"," b"]]`)
	f("{trim: true}", "\" a \" , \"b\" \n", `[[" a ","b"]]`)
	f("{trim: true}", "\"a\" x,b\n", "refused")
	f("{relax: true}", "a\"b,c\n", `[["a\"b","c"]]`)
	f("{relax: true}", "\"a\"b,c\n", `[["\"a\"b","c"]]`)
	f("{relax_column_count: true}", "1,2\n3\n4,5,6\n", "[[1,2],[3],[4,5,6]]")
	f("{relax_column_count_less: true}", "1,2\n3\n", "[[1,2],[3]]")
	f("{relax_column_count_less: true}", "1,2\n3,4,5\n", "refused")
	f("{relax_column_count_more: true}", "1,2\n3,4,5\n", "[[1,2],[3,4,5]]")
	f("{from_line: 2}", "id,name\n1,ann\n", `[[1,"ann"]]`)
	f("{from_line: 3}", "a\nb\nc\nd\n", `[["c"],["d"]]`)
	f("{from_line: 9}", "a\nb\n", "[]")
	f("{from: 2}", "1\n2\n3\n", "[[2],[3]]")
	f("{to: 2}", "1\n2\n3\n", "[[1],[2]]")
	f("{to_line: 1}", "1\n2\n", "[[1]]")
	f("{from: 2, to: 2}", "1\n2\n3\n", "[[2]]")
	f("{from_line: 2, to_line: 3}", "1\n2\n3\n4\n", "[[2],[3]]")
	f("{cast: false}", "007,1\n", `[["007","1"]]`)
	f("{record_delimiter: '|'}", "1,2|3,4", "[[1,2],[3,4]]")
	f(`{record_delimiter: ["\n", '|']}`, "1|2\n3", "[[1],[2],[3]]")
	f("{columns: true}", "id,name\n1,ann\n2,bob\n", `[{"id":1,"name":"ann"},{"id":2,"name":"bob"}]`)
	f("{columns: true}", "id,id\n1,2\n", `[{"id":2}]`)
	f("{columns: true, columns_duplicates_to_array: true}", "id,x,id\n1,2,3\n", `[{"id":[1,3],"x":2}]`)
	f("{columns: [a, b]}", "1,2\n", `[{"a":1,"b":2}]`)
	f("{columns: [a, false, c]}", "1,2,3\n", `[{"a":1,"c":3}]`)
	f("{columns: [a, {name: b}]}", "1,2\n", `[{"a":1,"b":2}]`)
	f("{columns: [a, b]}", "1\n", "refused")
	f("{columns: [a, b], relax_column_count: true}", "1\n", `[{"a":1}]`)
	f("{columns: true}", "\"a b\",c\n1,2\n", `[{"a b":1,"c":2}]`)
	f("{columns: true, from_line: 2}", "note\nid,x\n1,2\n", `[{"id":1,"x":2}]`)
	f("{columns: true, skip_lines_with_empty_values: true}", ",\nid,x\n1,2\n", `[{"id":1,"x":2}]`)
	f("{columns: [a, b], ignore_last_delimiters: true}", "1,2,3\n", `[{"a":1,"b":"2,3"}]`)
	f("{columns: true, ignore_last_delimiters: true}", "a,b\n1,2,3\n", `[{"a":1,"b":"2,3"}]`)
	f("{ignore_last_delimiters: 2}", "1,2,3\n", `[[1,"2,3"]]`)
	f("{max_record_size: 4}", "abc,def\n", "refused")
	f("{max_record_size: 6}", "abc,def\n", `[["abc","def"]]`)
	f("{bom: true}", "1,2\n", "[[1,2]]")
	f("{encoding: utf8}", "1\n", "[[1]]")
}

// show are the rows that three users take, by name.
func show(t *testing.T, yaml, content string) string {
	t.Helper()
	p, problems := read(t, yaml, content)
	if len(problems) > 0 {
		return "refused: " + problems.Error()
	}
	var rows []string
	for _, row := range p.Rows {
		var fields []string
		for i, v := range row {
			if i < len(p.Columns) {
				fields = append(fields, p.Columns[i]+"="+value.Text(v))
			}
		}
		rows = append(rows, strings.Join(fields, " "))
	}
	if p.Name != "" {
		rows = append(rows, p.Name+"="+string(value.AppendJSON(nil, p.All)))
	}
	return strings.Join(rows, "; ")
}

func TestRowsOfFiles(t *testing.T) {
	f := func(yaml, content, want string) {
		t.Helper()
		if got := show(t, yaml, content); got != want {
			t.Errorf("%s of %q:\n got %s\nwant %s", yaml, content, got, want)
		}
	}
	// CSV: fields name the columns by place, or choose among those with names.
	f("{path: f.csv, fields: [a, b]}", "1,x\n2,y\n", "a=1 b=x; a=2 b=y")
	f("{path: f.csv, fields: [a, b]}", "\ufeff1,x\n", "a=1 b=x")
	f("{path: f.csv, fields: [a, b], skipHeader: true, delimiter: ;}", "i;n\n1;x\n", "a=1 b=x")
	f("{path: f.csv, fields: [a], cast: false, skipEmptyLines: false}", "007\n\n8\n", "a=007; a=; a=8")
	f("{path: f.csv, fields: [a], options: {cast: false}, cast: true}", "007\n", "a=007")
	f("{path: f.csv, fields: [a], options: {fromLine: 2}}", "h\n1\n", "a=1")
	f("{path: f.csv, options: {columns: true}}", "id,name\n1,x\n2,y\n", "id=1 name=x; id=2 name=y")
	f("{path: f.csv, fields: [name], options: {columns: true}}", "id,name\n1,x\n", "name=x")
	f("{path: f.csv, fields: [nsme], options: {columns: true}}", "id,name\n1,x\n",
		`refused: s.yml:1:8: payload f.csv: no row has a field "nsme" (did you mean "name"?)`)
	f("{path: f.csv, fields: [a], loadAll: true, name: all}", "1\n2\n", `a=1; a=2; all=[{"a":1},{"a":2}]`)
	f("{path: f.csv, loadAll: true, name: all}", "1,2\n", `; all=[[1,2]]`)
	f("{path: f.csv, loadAll: true, name: all}", "", `all=[]`)
	f("{path: f.csv, fields: [id]}", "12345678901234567890\n", "id=12345678901234567890")
	f("{path: f.txt, format: csv, fields: [a]}", "1\n", "a=1")
	// JSON and NDJSON.
	f("{path: f.json}", `[{"id":1,"o":{"k":[1]}},{"id":2,"x":null}]`, `id=1 o={"k":[1]} x=undefined; id=2 o=undefined x=null`)
	f("{path: f.json, fields: [id]}", `[{"id":1,"x":2}]`, "id=1")
	f("{path: f.json, fields: [o.k]}", `[{"o":{"k":7}}]`, "o.k=7")
	f("{path: f.json, fields: [a, b]}", `[[1,"x"],[2]]`, "a=1 b=x; a=2 b=undefined")
	f("{path: f.json, fields: [a]}", `[1,"x",null]`, "a=1; a=x; a=null")
	f("{path: F.JSON}", "\ufeff[{\"id\":1.50}]\n", "id=1.50")
	f("{path: f.json, loadAll: true, name: all}", `[{"id":1},7]`, `all=[{"id":1},7]`)
	f("{path: f.json, loadAll: true, name: all, fields: [id]}", `[{"id":1,"x":2},{"x":3,"id":4}]`, `all=[{"id":1},{"id":4}]`)
	f("{path: f.json, loadAll: true, name: all}", `{"any":1}`, `all={"any":1}`)
	f("{path: f.ndjson}", "{\"id\":1}\n\n{\"id\":2}\r\n", "id=1; id=2")
	f("{path: f.jsonl}", `{"id":1}`, "id=1")
	f("{path: f.log, format: ndjson}", "{\"id\":1}\n", "id=1")
	f("{path: f.ndjson, loadAll: true, name: all}", "1\n[2]\n", "all=[1,[2]]")
}

func TestPayloadsThatAreNone(t *testing.T) {
	f := func(yaml, content, want string) {
		t.Helper()
		if got := show(t, yaml, content); got != "refused: "+want {
			t.Errorf("%s of %q:\n got %s\nwant %s", yaml, content, got, want)
		}
	}
	f("{fields: [a]}", "", "s.yml:1:1: a payload needs the path of a CSV, JSON or NDJSON file")
	f("{path: f.csv}", "1", "s.yml:1:1: a payload needs fields, the variable names of its columns")
	f("{path: f.csv, loadAll: true}", "1", "s.yml:1:1: a payload with loadAll needs a name, the variable that holds its rows")
	f("{path: f.csv, fields: [a]}", "", "s.yml:1:8: payload f.csv has no rows")
	f("{path: f.csv, fields: [a]}", "1\n2,3\n", "f.csv:2:1: not valid CSV: the record has 2 fields, not 1")
	f("{path: f.csv, fields: [a]}", "1\n\"x\ny\"z\n", `f.csv:3:1: not valid CSV: 'z' follows a closing quote, where a `+
		"delimiter or the end of the line should")
	f("{path: f.csv, fields: [a]}", "1\n2\n\"x\n", "f.csv:3:1: not valid CSV: a quote is not closed")
	f("{path: f.csv, fields: [a]}", "1\na\"\n", "f.csv:2:1: not valid CSV: a quote stands inside of a field that does not "+
		"begin with one")
	f("{path: f.csv, fields: [a], options: {max_record_size: 2}}", "12345\n", "f.csv:1:1: not valid CSV: a record has more "+
		"than 2 bytes")
	f("{path: f.csv, fields: [a], options: {trim: true}}", "\"a\" b\n", "f.csv:1:1: not valid CSV: 'b' follows a closing quote")
	f("{path: f.csv, fields: [a], options: {delimeter: ;}}", "1", `s.yml:1:38: unknown key "delimeter" in options `+
		`(did you mean "delimiter"?)`)
	f("{path: f.csv, fields: [a], options: {on_record: f}}", "1", "s.yml:1:49: option on_record of csv-parse is not available")
	f("{path: f.csv, fields: [a], options: {castDate: true}}", "1", "s.yml:1:48: option cast_date of csv-parse is not available")
	f("{path: f.csv, fields: [a], options: {encoding: latin1}}", "1", "s.yml:1:48: encoding must be utf8 or utf-8, not "+
		`"latin1"`)
	f("{path: f.csv, fields: [a], options: {from: 0}}", "1", "s.yml:1:44: from counts from 1")
	f("{path: f.csv, fields: [a], options: {delimiter: ''}}", "1", "s.yml:1:49: delimiter must not be empty")
	f("{path: f.csv, fields: [a], options: {ignore_last_delimiters: true}}", "1", "s.yml:1:37: ignore_last_delimiters: true "+
		"needs columns with names")
	f("{path: f.csv, fields: [a], options: 7}", "1", "s.yml:1:37: options must be an object, not 7")
	f("{path: f.json, options: {trim: true}}", "[]", "s.yml:1:25: options are for CSV, this payload is JSON")
	f("{path: f.json, fields: [a]}", "[]", "s.yml:1:8: payload f.json has no rows")
	f("{path: f.json}", "[{},\n{\"a\":}]", "f.json:2:1: not valid JSON")
	f("{path: f.json}", "[]\n\nx", "f.json:1:1: not valid JSON")
	f("{path: f.json}", `{"a":1}`, "f.json:1:1: a JSON payload is a list of rows, unless loadAll takes all of it")
	f("{path: f.json}", "[{\"a\":1},2]", "s.yml:1:8: payload f.json: row 2 is no object, so the payload needs fields, the "+
		"variable names")
	f("{path: f.json, fields: [a, b]}", "[1]", "s.yml:1:8: payload f.json: row 1 is neither an object nor a list, so the "+
		"payload needs one field")
	f("{path: f.json, fields: [idd]}", `[{"id":1}]`, `s.yml:1:8: payload f.json: no row has a field "idd" (did you mean "id"?)`)
	f("{path: f.json, loadAll: true, name: all, fields: [a, b]}", "[1]", "s.yml:1:8: payload f.json: row 1 is neither an "+
		"object nor a list, so the payload needs one field")
	f("{path: f.ndjson}", "{\"a\":1}\n{a}\n", "f.ndjson:2:1: not valid JSON")
	f("{path: f.xml, format: xml}", "[]", `s.yml:1:23: format must be csv or json or ndjson, not "xml"`)
	var many []string
	for i := range 1001 {
		many = append(many, fmt.Sprintf(`"k%d":1`, i))
	}
	f("{path: f.json}", "[{"+strings.Join(many, ",")+"}]", "s.yml:1:8: payload f.json: the rows have more than 1000 different "+
		"members: name those to take in fields")
}

// Options of version 5 are those of version 4 under other names.
func TestLaterNamesOfOptions(t *testing.T) {
	f := func(options, text, want string) {
		t.Helper()
		if got := show(t, "{path: f.csv, fields: [a, b], options: "+options+"}", text); got != want {
			t.Errorf("%s: got %s, want %s", options, got, want)
		}
	}
	f("{relax_quotes: true}", "a\"b,c\n", `a=a"b b=c`)
	f("{skip_records_with_error: true}", "1,2\n3\n", "a=1 b=2")
	f("{skipRecordsWithEmptyValues: true}", "1,2\n,\n", "a=1 b=2")
	f("{raw: false, info: false}", "1,2\n", "a=1 b=2")
}

// FuzzPayload: any file is read or refused, and no row has more values than the file has bytes.
func FuzzPayload(f *testing.F) {
	for _, options := range []string{
		"{}", "{delimiter: ';', quote: \"'\", trim: true}", "{columns: true, relax: true, relax_column_count: true}",
		"{comment: '#', escape: '\\', skip_lines_with_error: true}", "{record_delimiter: '|', quote: false, from_line: 2}",
	} {
		for _, text := range []string{"a,b\n1,\"x\"\"y\"\n", "'a';b\r\n#c\n", "\"l\nm\"|\\\"", "[{\"a\":1}]"} {
			f.Add(options, "csv", []byte(text))
			f.Add(options, "ndjson", []byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, options, format string, text []byte) {
		n, problems := tree.Parse("s.yml", []byte("{path: f, loadAll: true, name: all, options: "+options+"}"))
		if len(problems) > 0 || (format != "csv" && format != "json" && format != "ndjson") {
			return
		}
		n = n.With("format", &tree.Node{Scalar: format})
		r := payload.Reader{Settings: &settings.Reader{}, File: func(*tree.Node, string) (string, []byte, bool) {
			return "f", text, true
		}}
		p := r.Read(n)
		if p == nil && len(r.Settings.Problems) == 0 {
			t.Errorf("%q is refused without a reason", text)
		}
		if p != nil && len(p.Rows) > len(text)+1 {
			t.Errorf("%q has %d rows", text, len(p.Rows))
		}
	})
}
