package syntax

// Name prints an expression in one spelling: single spaces, no parentheses but those that are needed, names of functions
// as function gives them (nil: in lower case). It is the name of a column without alias, and two expressions that mean
// the same by the grammar have one name.
func Name(e Expr, function func(name string) string) string { return "" }
