package promql

import (
	"runtime"
	"time"
)

// grafanaVersion is the version of Prometheus that buildinfo names, which Grafana chooses its requests by: from 2.24 on
// it asks for label values with selectors. It is the one that VictoriaMetrics gives, whose answers ours are.
const grafanaVersion = "2.24.0"

// list is an empty one.
type list = []struct{}

// about are the paths by which clients learn what a server of Prometheus is and scrapes. Nothing is scraped here.
var about = map[string]func(*handler) any{
	"/api/v1/status/buildinfo": func(*handler) any {
		return map[string]string{
			"version": grafanaVersion, "revision": "", "branch": "", "buildUser": "", "buildDate": "",
			"goVersion": runtime.Version(),
		}
	},
	"/api/v1/status/runtimeinfo": func(h *handler) any {
		return map[string]any{
			"startTime": h.started.UTC().Format(time.RFC3339Nano), "reloadConfigSuccess": true,
			"lastConfigTime": h.started.UTC().Format(time.RFC3339Nano), "corruptionCount": 0,
			"goroutineCount": runtime.NumGoroutine(), "GOMAXPROCS": runtime.GOMAXPROCS(0),
		}
	},
	"/api/v1/status/config":    func(*handler) any { return map[string]string{"yaml": ""} },
	"/api/v1/status/flags":     func(*handler) any { return map[string]string{} },
	"/api/v1/status/walreplay": func(*handler) any { return map[string]any{"min": 0, "max": 0, "current": 0, "state": "done"} },
	"/api/v1/targets": func(*handler) any {
		return map[string]any{"activeTargets": list{}, "droppedTargets": list{}, "droppedTargetCounts": struct{}{}}
	},
	"/api/v1/targets/metadata": func(*handler) any { return list{} },
	"/api/v1/scrape_pools":     func(*handler) any { return map[string]any{"scrapePools": list{}} },
	"/api/v1/alertmanagers": func(*handler) any {
		return map[string]any{"activeAlertmanagers": list{}, "droppedAlertmanagers": list{}}
	},
	// As pages of vmui ask that show vmalert's rules, to which no link leads without one.
	"/vmalert/api/v1/rules":     func(*handler) any { return map[string]any{"groups": list{}} },
	"/vmalert/api/v1/notifiers": func(*handler) any { return map[string]any{"notifiers": list{}} },
	"/api/v1/notifiers":         func(*handler) any { return map[string]any{"notifiers": list{}} },
	"/api/v1/notifications":     func(*handler) any { return list{} },
	"/api/v1/features":          func(*handler) any { return struct{}{} },
}
