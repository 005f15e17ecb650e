package grammar

import (
	"fmt"
	"strings"

	"edgescope/internal/near"
)

// wayOut says for words and symbols of other dialects what to write in their place.
var wayOut = map[string]string{
	// expressions
	"CASE":   "use if(condition, then, else)",
	"CAST":   "use toString, toFloat64, toUInt32 or toDateTime",
	"::":     "use toString, toFloat64, toUInt32 or toDateTime",
	"||":     "use format('{}{}', a, b)",
	"&&":     "use AND",
	"!":      "use NOT, or != between two values",
	"&":      "use bitAnd(a, b)",
	"|":      "use bitOr(a, b)",
	"^":      "use bitXor(a, b), or pow(a, b) for a power",
	"<<":     "use bitShiftLeft(a, n)",
	">>":     "use bitShiftRight(a, n)",
	"~":      "use LIKE, or bitNot(a)",
	"<=>":    "use =",
	"?":      "write the value itself, or use if(condition, then, else)",
	"{":      "write the value itself",
	"@":      "write the value itself",
	":":      "write the value itself",
	"DIV":    "use intDiv(a, b)",
	"MOD":    "use %",
	"XOR":    "use !=",
	"REGEXP": "use LIKE or ILIKE with % and _",
	"RLIKE":  "use LIKE or ILIKE with % and _",
	"GLOB":   "use LIKE or ILIKE with % and _",
	"EXISTS": "ask a subquery in FROM",
	"OVER":   "there are no window functions: group in a subquery in FROM",
	"FILTER": "use countIf(condition), sumIf(x, condition) or avgIf(x, condition)",
	"DATE":   "use toDateTime('2026-01-31 00:00:00')",
	// clauses
	"WITH":      "write the expression out, or a subquery in FROM",
	"UNION":     "ask two questions",
	"INTERSECT": "ask two questions",
	"EXCEPT":    "ask two questions, or filter with NOT",
	"JOIN":      "a question has one table: ask two questions",
	"INNER":     "a question has one table: ask two questions",
	"LEFT":      "a question has one table: ask two questions",
	"RIGHT":     "a question has one table: ask two questions",
	"FULL":      "a question has one table: ask two questions",
	"CROSS":     "a question has one table: ask two questions",
	"ARRAY":     "a question has one table, and its columns are no arrays",
	"GLOBAL":    "leave it out",
	"FINAL":     "leave it out",
	"PREWHERE":  "use WHERE",
	"QUALIFY":   "use HAVING, or filter a subquery in FROM",
	"WINDOW":    "there are no window functions: group in a subquery in FROM",
	"SAMPLE":    "rows are sampled when they are written: SUM(_sample_interval) counts what they stand for",
	"SETTINGS":  "leave it out",
	"FETCH":     "use LIMIT",
	"TOP":       "use LIMIT at the end",
	"NULLS":     "leave it out: no column is NULL",
	"COLLATE":   "leave it out: texts are compared by their bytes",
	"INTO":      "read the answer",
}

// unsupported returns the error of a token that other dialects have here.
func (p *parser) unsupported(t token) error {
	name := strings.ToUpper(t.text)
	switch {
	case name == "TIMESTAMP":
		name = "DATE"
	case name == "WITH" && p.at > 0:
		return p.errorf(t, "WITH %s is not supported: ask a second question", strings.ToUpper(p.after(1).text))
	case name == "$" && p.after(1).kind == number:
		return p.errorf(t, "$%s is not supported: write the value itself", p.after(1).text)
	case name == "$":
		return p.errorf(t, "a name that begins with $ is a macro of Grafana's plugin: it was not expanded before the query "+
			"was sent")
	}
	if t.kind != word && t.kind != symbol || wayOut[name] == "" {
		return nil
	}
	shown := strings.ToUpper(t.text)
	message := fmt.Sprintf("%s is not supported: %s", shown, wayOut[name])
	if name == "CASE" || name == "CAST" || name == "EXISTS" { // in Cloudflare's words too, which people look for
		message += fmt.Sprintf(" (unsupported expression type: %s)", shown)
	}
	return p.errorf(t, "%s", message)
}

// clauses are the words that end an expression, in the order in which their clauses stand.
var clauses = []string{"SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FORMAT"}

// operators are the words that go on with an expression.
var operators = []string{"AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "BETWEEN", "IS", "AS", "ASC", "DESC", "BY"}

// leftover returns the error of a token that does not go on with the statement.
func (p *parser) leftover() error {
	t := p.token()
	upper := strings.ToUpper(t.text)
	if err := p.unsupported(t); err != nil {
		return err
	}
	switch {
	case t.kind == symbol && t.text == ")":
		return p.errorf(t, ") closes nothing: there is no ( before it")
	case t.kind == symbol && t.text == ",":
		return p.errorf(t, "a comma can't stand here")
	case t.kind == word && contains(clauses[1:], upper):
		return p.errorf(t, "%s can't stand here: the order is SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT, "+
			"OFFSET, FORMAT, each once", upper)
	case t.kind == word && upper == "SELECT":
		return p.errorf(t, "SELECT can't stand here: a subquery stands in FROM between ( and )")
	}
	before := p.tokens[max(0, p.at-1)] // perhaps a keyword of others, or a keyword with a slip, that was taken for a name
	if err := p.unsupported(before); err != nil && before.kind == word {
		return err
	}
	if p.hint(before) != "" && !reserved(before) {
		return p.errorf(t, "%s can't stand here: %s before it is taken for a name%s", t.shown(), before.shown(),
			p.hint(before))
	}
	return p.errorf(t, "%s can't stand here%s", t.shown(), p.hint(t))
}

// hint says which clause somebody meant who wrote another word.
func (p *parser) hint(t token) string {
	if t.kind != word {
		return ""
	}
	return near.Hint(t.text, append(clauses[1:len(clauses):len(clauses)], operators...)...)
}

// shown is a token as an error shows it.
func (t token) shown() string {
	switch t.kind {
	case end:
		return "the end of the query"
	case text:
		return quote(t.text)
	}
	return fmt.Sprintf("%q", t.text)
}

// wrapped returns an error when a text is not SQL but what a client has put it into: JSON, or a form.
func wrapped(text string) error {
	rest := strings.TrimLeft(text, "\ufeff \t\r\n")
	name, _, form := strings.Cut(rest, "=")
	form = form && name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r > 0x7f || !isNamed(byte(r))
	})
	if !form && (rest == "" || !strings.ContainsRune("{[\"'", rune(rest[0]))) {
		return nil
	}
	return errorAt(text, len(text)-len(rest), "want SELECT or SHOW: the body is the SQL itself, no JSON and no form")
}

// otherStatement returns the error of a statement that is neither SELECT nor SHOW.
func (p *parser) otherStatement() error {
	t := p.token()
	switch upper := strings.ToUpper(t.text); {
	case t.kind == end:
		return p.errorf(t, "the query is empty: want SELECT or SHOW")
	case t.kind == word && upper == "WITH":
		return p.unsupported(t)
	case t.kind == word && upper == "EXPLAIN", t.kind == word && upper == "DESCRIBE", t.kind == word && upper == "DESC":
		return p.errorf(t, "%s is not supported: want SELECT or SHOW; the columns are those of SELECT *", upper)
	case t.kind == symbol && t.text == "(":
		return p.errorf(t, "the statement can't stand in parentheses: want SELECT or SHOW")
	}
	return p.errorf(t, "want SELECT or SHOW, found %s%s", t.shown(), near.Hint(t.text, "SELECT", "SHOW"))
}
