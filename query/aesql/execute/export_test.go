package execute

// Within returns options with another bound of memory, in bytes.
func Within(o Options, memory int64) Options {
	o.memory = memory
	return o
}

// AtMost returns options with another bound of groups.
func AtMost(o Options, groups int) Options {
	o.groups = groups
	return o
}

// Number is how a stored number is read.
func Number(text string) float64 { return number(text) }
