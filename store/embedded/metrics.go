package embedded

import (
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect"
	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"
	"golang.org/x/sys/unix"
)

// Bounds of the metrics engine's query side: how many questions run at once, and how long one waits for its turn.
const (
	maxConcurrentSeries = 8
	// maxConcurrentRequests is for requests to the Prometheus API, which a gate bounds before.
	maxConcurrentRequests = 32
	maxQueueDuration      = 5 * time.Second
	maxSeries             = 2_000_000
	maxPoints             = 30_000
)

// startMetrics sets the engine's flags and opens its data. The engine reads flag.CommandLine, which is its own: our
// programs parse FlagSets of theirs. A TestMain that opens a store calls flag.Parse before.
func startMetrics(o *Options) error {
	if !flag.CommandLine.Parsed() {
		if err := flag.CommandLine.Parse(nil); err != nil {
			return err
		}
	}
	for _, f := range metricsFlags(o) {
		if err := flag.CommandLine.Set(f[0], f[1]); err != nil {
			return fmt.Errorf("set -%s=%s of the metrics engine: %w", f[0], f[1], err)
		}
	}
	// logger.Init is left out: it reads flags that keep their defaults, and starts a goroutine that never ends.
	vmstorage.Init(maxConcurrentRequests, maxQueueDuration, func([]storage.MetricRow) {}) // nothing is cached
	// Its temporary files are below the data directory: it is told of every new one.
	vmselect.Init(maxConcurrentRequests, maxQueueDuration)
	return nil
}

func metricsFlags(o *Options) [][2]string {
	flags := [][2]string{
		{"loggerLevel", "WARN"},
		{"storageDataPath", filepath.Join(o.Dir, "metrics")},
		{"retentionPeriod", strconv.FormatInt(int64(o.RetentionSamples/time.Hour), 10) + "h"},
		{"inmemoryDataFlushInterval", o.FlushInterval.String()},
		// Of several values at one millisecond the greatest counts: writing a window again is harmless.
		{"dedup.minScrapeInterval", "1ms"},
		{"storage.minFreeDiskSpaceBytes", strconv.FormatInt(o.MinFreeDisk/2, 10)},
		// The newest samples are shown at once.
		{"search.latencyOffset", "0s"},
		// Windows are written again for a quarter of an hour: cached answers would be stale.
		{"search.disableCache", "true"},
		// 1 byte: nothing fits in. This cache forgets only every 10 s, and until then a question that was asked before
		// does not see new series (lib/mergeset, defaultFlushCallbackInterval).
		{"storage.cacheSizeIndexDBTagFilters", "1"},
		{"search.maxQueryDuration", o.MaxQueryDuration.String()},
		{"search.maxUniqueTimeseries", strconv.Itoa(maxSeries)},
		{"search.maxPointsPerTimeseries", strconv.Itoa(maxPoints)},
		{"search.maxMemoryPerQuery", strconv.FormatInt(o.QueryMemory, 10)},
		{"search.queryStats.lastQueriesCount", strconv.Itoa(lastQueries(o))},
	}
	if o.MemoryLimit > 0 {
		flags = append(flags, [2]string{"memory.allowedBytes", strconv.FormatInt(o.MemoryLimit, 10)})
	}
	return flags
}

// lastQueries is how many texts of questions the engine remembers for its page of the most frequent ones, which is shown
// where there is one tenant. A text has 16 KiB at most.
func lastQueries(o *Options) int {
	if o.Tenants {
		return 0
	}
	return 1000
}

// checkMemoryLimit refuses what would make the engine end the process: a limit above the machine's memory.
func checkMemoryLimit(limit int64) error {
	const least = 16 << 20
	if limit == 0 {
		return nil
	}
	if limit < least {
		return fmt.Errorf("memory limit is %d bytes: it must be at least %d", limit, least)
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return fmt.Errorf("read the size of memory: %w", err)
	}
	if total := int64(info.Totalram) * int64(info.Unit); limit >= total {
		return fmt.Errorf("memory limit is %d bytes: the machine has %d", limit, total)
	}
	return nil
}

func flushMetrics() { vmstorage.DebugFlush() }

// stopMetrics closes the engine. It must be the last: it also stops the remover of directories that event storages use.
func stopMetrics() {
	vmstorage.Stop()
	vmselect.Stop()
}
