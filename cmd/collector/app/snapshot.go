package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"edgescope/edge"
	"edgescope/internal/run"
	"edgescope/store"
	"edgescope/store/embedded/datadir"
)

// serveSnapshots adds the routes of backups. Each of them concerns all tenants.
func (c *Collector) serveSnapshots(r routes) {
	r.admin("POST /admin/snapshot", run.Handle(c.logger, c.makeSnapshot))
	r.admin("GET /admin/snapshot", run.Handle(c.logger, c.listSnapshots))
	r.admin("DELETE /admin/snapshot/{name}", run.Handle(c.logger, c.deleteSnapshot))
}

// makeSnapshot makes a snapshot of all that was acknowledged before the request.
func (c *Collector) makeSnapshot(w http.ResponseWriter, r *http.Request) error {
	if !c.snapshots.TryLock() {
		return &run.HTTPError{Code: http.StatusConflict, Msg: "a snapshot is being made"}
	}
	defer c.snapshots.Unlock()
	if err := c.roomForSnapshot(); err != nil {
		return err
	}
	began := time.Now()
	var made datadir.Snapshot
	err := c.pipeline.Freeze(r.Context(), func(ctx context.Context) (err error) {
		made, err = c.store.Snapshot(ctx, c.wal.Snapshot)
		return err
	})
	var later *edge.UnavailableError
	if errors.As(err, &later) || errors.Is(err, store.ErrReadOnly) {
		return &run.HTTPError{Code: http.StatusServiceUnavailable, Msg: err.Error()}
	}
	if err != nil {
		return err
	}
	c.logger.Info("made a snapshot", slog.String("path", made.Path), slog.Int("files", made.Files),
		slog.Int64("bytes", made.Bytes),
		slog.Duration("took", time.Since(began)))
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(made)
}

// roomForSnapshot refuses more snapshots than --max-snapshots: each holds the room on disk of what was merged or
// dropped since.
func (c *Collector) roomForSnapshot() error {
	names, err := datadir.Snapshots(c.dataDir)
	if err != nil {
		return err
	}
	if len(names) < c.maxSnapshots {
		return nil
	}
	return &run.HTTPError{
		Code: http.StatusConflict,
		Msg: fmt.Sprintf("there are %d snapshots, the oldest is %s: DELETE /admin/snapshot/%s when it is copied, or "+
			"raise --max-snapshots", len(names), names[0], names[0]),
	}
}

func (c *Collector) listSnapshots(w http.ResponseWriter, _ *http.Request) error {
	names, err := datadir.Snapshots(c.dataDir)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string][]string{"snapshots": names})
}

func (c *Collector) deleteSnapshot(w http.ResponseWriter, r *http.Request) error {
	err := datadir.DeleteSnapshot(c.dataDir, r.PathValue("name"))
	if errors.Is(err, fs.ErrNotExist) {
		return &run.HTTPError{Code: http.StatusNotFound, Msg: "there is no such snapshot"}
	}
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// restore makes --data-dir of a snapshot, for a collector that does not run yet.
func (c *Collector) restore(p run.Process, snapshot string) error {
	if c.walDir != "" {
		return run.Usage("restore puts the log into --data-dir: leave --wal-dir out, or move wal/ there afterwards")
	}
	s, err := datadir.Restore(snapshot, c.dataDir)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "restored snapshot %s to %s: %d files, %d bytes\n", s.Name, c.dataDir, s.Files,
		s.Bytes)
	return err
}
