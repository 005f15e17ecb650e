package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmstorage"

	"edgescope/store/embedded/datadir"
)

// Snapshot makes a snapshot of everything that was written, and of the log, which logTo links into a directory. Nothing
// may be written meanwhile: see ingest.Pipeline.Freeze. It takes as long as a flush, and a link for each file of the
// store.
func (s *Store) Snapshot(ctx context.Context, logTo func(dir string) error) (datadir.Snapshot, error) {
	if err := s.enter(); err != nil {
		return datadir.Snapshot{}, err
	}
	defer s.leave()
	if err := s.Writable(); err != nil {
		return datadir.Snapshot{}, fmt.Errorf("make a snapshot: %w", err)
	}
	ctx = context.WithoutCancel(ctx) // half of one helps nobody
	return s.dir.Snapshot(func(dir string) error {
		if err := s.linkTo(ctx, dir); err != nil {
			return err
		}
		return logTo(filepath.Join(dir, "wal"))
	})
}

// linkTo links what the engines hold to a directory.
func (s *Store) linkTo(ctx context.Context, dir string) error {
	s.waiting.Flush() // or what waits is missed
	for i, st := range s.kinds {
		for _, path := range st.PartitionSnapshotMustCreate("") {
			day := filepath.Base(filepath.Dir(filepath.Dir(path)))
			linked := datadir.LinkTree(path, filepath.Join(dir, datadir.KindDirs[i], "partitions", day))
			if err := errors.Join(linked, st.PartitionSnapshotDelete(path)); err != nil {
				return err
			}
		}
	}
	return snapshotMetrics(ctx, filepath.Join(s.opts.Dir, "metrics"), filepath.Join(dir, "metrics"))
}

// snapshotMetrics links a snapshot of the metrics engine to a directory. The engine makes one on request, as a tree of
// symbolic links.
func snapshotMetrics(ctx context.Context, dir, to string) error {
	flushMetrics()
	var made struct{ Status, Snapshot, Msg string }
	if err := askMetrics(ctx, "/snapshot/create", nil, &made); err != nil || made.Status != "ok" {
		return fmt.Errorf("ask the metrics engine for a snapshot: %w: %s", err, made.Msg)
	}
	linked := datadir.LinkTree(filepath.Join(dir, "snapshots", made.Snapshot), to)
	var gone struct{ Status, Msg string }
	err := askMetrics(ctx, "/snapshot/delete", url.Values{"snapshot": {made.Snapshot}}, &gone)
	if err == nil && gone.Status != "ok" {
		err = errors.New("delete the metrics engine's snapshot: " + gone.Msg)
	}
	return errors.Join(linked, err)
}

// askMetrics calls a path of the metrics engine that is not served, and reads its answer.
func askMetrics(ctx context.Context, path string, form url.Values, answer any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path+"?"+form.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	w := &answerText{header: http.Header{}}
	if !vmstorage.RequestHandler(w, r) {
		return errors.New("the metrics engine does not know " + path)
	}
	return json.Unmarshal(w.Bytes(), answer)
}

// answerText takes an answer of the engine.
type answerText struct {
	bytes.Buffer
	header http.Header
}

// Header implements http.ResponseWriter.
func (a *answerText) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter: the text says whether it went well.
func (a *answerText) WriteHeader(int) {}
