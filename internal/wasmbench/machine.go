package wasmbench

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"edgescope/edge"
)

// thisMachine describes the machine as far as its files tell: those are Linux's.
func thisMachine() edge.BenchMachine {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo") // absent elsewhere: the model stays unknown
	return edge.BenchMachine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpuModel(string(cpuinfo)), CPUs: runtime.GOMAXPROCS(0),
		LoadBefore: loadAverage(),
	}
}

// loadAverage is that of one minute, 0 where it is unknown.
func loadAverage() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}
