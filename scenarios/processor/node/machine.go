package node

import (
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// began is the origin of performance.now and process.uptime.
var began = time.Now()

func (r *realm) machineNatives() map[string]any {
	facts := map[string]any{
		"path": r.env.Path, "platform": platform(), "arch": arch(), "cores": runtime.NumCPU(), "pid": os.Getpid(),
		"vars": r.env.Vars,
	}
	return map[string]any{
		"machine":  func() map[string]any { return facts },
		"hostname": os.Hostname,
		"folder":   os.Getwd,
		"tempDir":  os.TempDir,
		"absolute": filepath.Abs,
		"elapsed":  func() float64 { return float64(time.Since(began)) / float64(time.Millisecond) },
		"origin":   func() float64 { return float64(began.UnixMicro()) / 1000 },
		"heap": func() map[string]any {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return map[string]any{"used": m.HeapAlloc, "total": m.HeapSys, "all": m.Sys}
		},
	}
}

// platform is process.platform.
func platform() string {
	if runtime.GOOS == "windows" {
		return "win32"
	}
	return runtime.GOOS
}

// arch is process.arch.
func arch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x64"
	case "386":
		return "ia32"
	}
	return runtime.GOARCH
}
