package health

import (
	"os"
	"strings"
	"sync"
)

// ProcessorModel is the model of the first processor, "" if the kernel does not tell.
func ProcessorModel() string { return processorModel() }

var processorModel = sync.OnceValue(func() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	return modelOf(string(text))
})

// modelOf reads "model name : ..." of /proc/cpuinfo, which ARM does not have.
func modelOf(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
