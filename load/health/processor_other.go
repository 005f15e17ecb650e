//go:build !linux

package health

// ProcessorModel is known on Linux only.
func ProcessorModel() string { return "" }
