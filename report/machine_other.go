//go:build !linux

package report

// processorModel is known on Linux only.
func processorModel() string { return "" }
