package run

import (
	"context"
	"log/slog"
	"os"
	"time"
)

const (
	// fewestConnections is how many connections a program must be able to have at least.
	fewestConnections = 32
	// ownDescriptors is for what a program has open beside Files: logs, locks, listeners, requests that it sends
	// itself.
	ownDescriptors = 32
)

// Descriptors bounds connections by what the rest of a program leaves of its descriptors (files, sockets): the storage
// engines end the process when they can't open a file. Go's runtime has raised the soft limit to the hard one when the
// program started.
type Descriptors struct {
	Conns *Conns
	// Most is how many connections there may be if descriptors do not matter.
	Most int
	// Files returns how many files the program may have open at once, as those of all parts of a store, which questions
	// open as they need them; nil is none. It is asked once a minute.
	Files func() int
	Log   *slog.Logger

	limit func() int // of descriptors; 0: there is none, or it is not known
	open  func() int // descriptors now; 0: not known
	files int
	asked time.Time
}

// Hold sets the bound and adjusts it every second, until ctx ends or the stop function is called. It fails with a usage
// error when the limit leaves no room for connections.
func (d *Descriptors) Hold(ctx context.Context) (stop func(context.Context) error, err error) {
	if d.limit == nil {
		d.limit, d.open = descriptorLimit, openDescriptors
	}
	limit, others, room := d.adjust(time.Now())
	if limit > 0 && room < fewestConnections {
		enough := 2 * (others + 2*fewestConnections)
		return nil, Usage("the limit of open files is %d, of which the program itself may need %d: raise it to %d or "+
			"more (ulimit -n %d, LimitNOFILE=%d)",
			limit, others, enough, enough, enough)
	}
	d.Log.Info("connections are bounded", slog.Int("most", min(room, d.Most)), slog.Int("open_files_limit", limit),
		slog.Int("own_files", others))
	return Watch(ctx, d.Log, Watched{
		Name: "descriptors", Every: time.Second,
		Reload: func(context.Context) (bool, error) {
			d.adjust(time.Now())
			return false, nil
		},
	}), nil
}

// adjust sets the bound to half of what others leave: the other half is theirs to grow into before the next look.
func (d *Descriptors) adjust(now time.Time) (limit, others, room int) {
	if d.Files != nil && now.Sub(d.asked) >= time.Minute {
		d.asked, d.files = now, d.Files()
	}
	limit, room = d.limit(), d.Most
	others = max(d.open()-d.Conns.Open(), d.files+ownDescriptors)
	if limit > 0 {
		room = (limit - others) / 2
	}
	d.Conns.Bound(max(fewestConnections/2, min(room, d.Most)))
	return limit, others, room
}

// openDescriptors returns how many descriptors the process has open, 0 where the system does not tell.
func openDescriptors() int {
	const dir = "/proc/self/fd" // Linux; since 6.2 its size is their number
	if about, err := os.Stat(dir); err == nil && about.Size() > 0 {
		return int(about.Size())
	}
	for _, dir := range []string{dir, "/dev/fd"} {
		if entries, err := os.ReadDir(dir); err == nil {
			return len(entries) - 1 // but for the one that reads the directory
		}
	}
	return 0
}
