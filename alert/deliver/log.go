package deliver

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"edgescope/internal/disk"
)

// Reasons for which a webhook is told, in the words of Alertmanager (notify.NotifyReason).
const (
	first       = "first notification"
	added       = "new alerts added"
	someEnded   = "some alerts resolved"
	allEnded    = "all alerts resolved"
	stillFiring = "repeat interval elapsed"
)

// sentLog is what webhooks were told last of each group, on disk: a program that starts again tells nothing twice.
type sentLog struct {
	path string

	mu      sync.Mutex
	entries map[string]entry
}

// entry is the last notification of a group: the alerts that fired and that had ended, by their fingerprints.
type entry struct {
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
	Firing  []uint64  `json:"firing,omitempty"`
	// Resolved are those that the notification said have ended.
	Resolved []uint64 `json:"resolved,omitempty"`
}

// openLog reads the log. One that is damaged is set aside: webhooks are then told once more of what fires.
func openLog(path string, logger *slog.Logger) (*sentLog, error) {
	l := &sentLog{path: path, entries: map[string]entry{}}
	damaged, err := disk.ReadState(path, &l.entries)
	if damaged != "" {
		logger.Error("what webhooks were told is unreadable and set aside: they are told again",
			slog.String("path", damaged))
		l.entries = map[string]entry{}
	}
	return l, err //nolint:wrapcheck // it names the file
}

// firing tells whether a group's webhook was told that an alert fires, and not yet that it ended.
func (l *sentLog) firing(key string, id uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.entries[key].Firing, id)
}

// reason returns why a webhook is to be told of a group in the state of now, "" when it is not: Alertmanager's rules
// (notify.DedupStage).
func (l *sentLog) reason(key string, now entry, repeat time.Duration) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, ok := l.entries[key]
	isNew := func(of, in []uint64) bool {
		return slices.ContainsFunc(of, func(id uint64) bool { return !slices.Contains(in, id) })
	}
	switch {
	case !ok && len(now.Firing) > 0:
		return first
	case !ok:
		return ""
	case isNew(now.Firing, last.Firing) && len(last.Firing) == 0:
		return first
	case isNew(now.Firing, last.Firing):
		return added
	case len(now.Firing) == 0 && len(last.Firing) > 0:
		return allEnded
	case len(now.Firing) == 0:
		return ""
	case isNew(now.Resolved, last.Resolved):
		return someEnded
	case last.At.Before(now.At.Add(-repeat)):
		return stillFiring
	}
	return ""
}

// tell keeps what a webhook was told, durably, and forgets what is long past.
func (l *sentLog) tell(key string, e entry, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[key] = e
	maps.DeleteFunc(l.entries, func(_ string, e entry) bool { return e.Expires.Before(now) })
	return disk.WriteState(l.path, l.entries) //nolint:wrapcheck // it names the file
}
