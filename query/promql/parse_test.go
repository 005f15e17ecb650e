package promql_test

import (
	"encoding/json"
	"net/url"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"edgescope/query/promql"
)

// TestTextsAreTrees: the nodes are those that Prometheus' pages read (web/ui/mantine-ui/src/promql/ast.ts).
func TestTextsAreTrees(t *testing.T) {
	h := promql.New(fake{}, promql.Options{})
	f := func(text, want string) {
		t.Helper()
		w := get(t, h, "/api/v1/parse_query?query="+url.QueryEscape(text))
		var got struct{ Data any }
		var wanted any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
			t.Fatalf("%s: %d %s: %v", text, w.Code, w.Body, err)
		}
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if diff := gocmp.Diff(wanted, got.Data); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	vector := func(name, matchers, more string) string {
		return `{"type":"vectorSelector","name":"` + name + `","matchers":[{"type":"=","name":"__name__","value":"` + name +
			`"}` + matchers + `],"offset":0,"timestamp":null,"startOrEnd":null` + more + `}`
	}
	up := vector("up", "", "")
	f("up", up)
	f(`up{a!="b",c=~"d",e!~"f"}`, vector("up", `,{"type":"!=","name":"a","value":"b"},{"type":"=~","name":"c","value":"d"},`+
		`{"type":"!~","name":"e","value":"f"}`, ""))
	f("5", `{"type":"numberLiteral","val":"5"}`)
	f("5m", `{"type":"numberLiteral","val":"300"}`)
	f(`"x"`, `{"type":"stringLiteral","val":"x"}`)
	f("rate(up[5m] offset 1m)", `{"type":"call","func":{"name":"rate","argTypes":["matrix"],"variadic":0,"returnType":"vector"},`+
		`"args":[{"type":"matrixSelector","name":"up","matchers":[{"type":"=","name":"__name__","value":"up"}],`+
		`"range":300000,"offset":60000,"timestamp":null,"startOrEnd":null}]}`)
	f("up offset -1m", `{"type":"vectorSelector","name":"up","matchers":[{"type":"=","name":"__name__","value":"up"}],`+
		`"offset":-60000,"timestamp":null,"startOrEnd":null}`)
	f("up @ 1.5", `{"type":"vectorSelector","name":"up","matchers":[{"type":"=","name":"__name__","value":"up"}],`+
		`"offset":0,"timestamp":1500,"startOrEnd":null}`)
	f("up @ end()", `{"type":"vectorSelector","name":"up","matchers":[{"type":"=","name":"__name__","value":"up"}],`+
		`"offset":0,"timestamp":null,"startOrEnd":"end"}`)
	f("max_over_time(up[1h:1m])", `{"type":"call","func":{"name":"max_over_time","argTypes":["matrix"],"variadic":0,`+
		`"returnType":"vector"},"args":[{"type":"subquery","expr":`+up+`,"range":3600000,"step":60000,"offset":0,`+
		`"timestamp":null,"startOrEnd":null}]}`)
	f("topk(3, up)", `{"type":"aggregation","op":"topk","param":{"type":"numberLiteral","val":"3"},"expr":`+up+
		`,"grouping":[],"without":false}`)
	f("sum(up) without (a, b)", `{"type":"aggregation","op":"sum","param":null,"expr":`+up+
		`,"grouping":["a","b"],"without":true}`)
	binary := func(op, card, on, labels, include string) string {
		return `{"type":"binaryExpr","op":"` + op + `","bool":false,"lhs":` + up + `,"rhs":` + up + `,"matching":{"card":"` + card +
			`","on":` + on + `,"labels":[` + labels + `],"include":[` + include + `]}}`
	}
	f("up / up", binary("/", "one-to-one", "false", "", ""))
	f("up * on (a) group_left (b) up", binary("*", "many-to-one", "true", `"a"`, `"b"`))
	f("up * ignoring (a) group_right up", binary("*", "one-to-many", "false", `"a"`, ""))
	f("up unless up", binary("unless", "many-to-many", "false", "", ""))
	f(`{__name__="up" or __name__="up"}`, binary("or", "many-to-many", "false", "", ""))
	f("up > bool 1", `{"type":"binaryExpr","op":">","bool":true,"lhs":`+up+`,"rhs":{"type":"numberLiteral","val":"1"},"matching":null}`)
	f("up - time()", `{"type":"binaryExpr","op":"-","bool":false,"lhs":`+up+`,"rhs":{"type":"call","args":[],"func":{"name":"time",`+
		`"argTypes":[],"variadic":0,"returnType":"scalar"}},"matching":null}`)
	f("{}", `{"type":"vectorSelector","name":"","matchers":[],"offset":0,"timestamp":null,"startOrEnd":null}`)
	f("1 / time() / up", `{"type":"binaryExpr","op":"/","bool":false,"lhs":{"type":"binaryExpr","op":"/","bool":false,`+
		`"lhs":{"type":"numberLiteral","val":"1"},"rhs":{"type":"call","args":[],"func":{"name":"time","argTypes":[],"variadic":0,`+
		`"returnType":"scalar"}},"matching":null},"rhs":`+up+`,"matching":null}`)
}
