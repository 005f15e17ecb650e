package execute

// Within returns options with another bound of memory, in bytes.
func Within(o Options, memory int64) Options {
	o.memory = memory
	return o
}

// Number is how a stored number is read.
func Number(text string) float64 { return number(text) }
