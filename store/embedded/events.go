package embedded

import (
	"context"
	"fmt"
	"time"

	"edgescope/edge"
	"edgescope/store"
	"edgescope/store/embedded/waiting"
)

// maxFuture is how far ahead of the clock an event may be.
const maxFuture = 24 * time.Hour

// WriteEvents implements store.Writer. Rows go to the engine within 1.5 seconds, with those of other batches; those of
// one batch, kind, UTC day and stream at once, however many they are: after kill -9 it has all of them or none.
func (s *Store) WriteEvents(ctx context.Context, tenant edge.Tenant, events []edge.Event) error {
	begin := s.canWrite
	if len(events) > 0 && events[0].Record != nil {
		begin = s.mayWrite // acknowledged: the reserve is for these
	}
	if err := begin(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.waiting.Add(tenant, events)
	return nil
}

// canWrite begins a call that writes; leave ends it.
func (s *Store) canWrite(ctx context.Context) error {
	if err := s.Writable(); err != nil {
		return err
	}
	return s.mayWrite(ctx)
}

// mayWrite is canWrite for what is written also while the store is read-only.
func (s *Store) mayWrite(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.enter()
}

// Writable returns nil, or store.ErrReadOnly with figures while the disk is nearly full.
func (s *Store) Writable() error {
	if s.guard.readOnly.Load() {
		return fmt.Errorf("%w: %d MiB free, %d MiB are kept", store.ErrReadOnly, s.guard.free.Load()>>20,
			s.opts.MinFreeDisk>>20)
	}
	return nil
}

// Check implements store.Writer.
func (s *Store) Check(e *edge.Event) error {
	if int(e.Kind) >= waiting.Kinds {
		return fmt.Errorf("kind %d of event is unknown", e.Kind)
	}
	now := time.Now()
	at := time.Unix(0, e.Time)
	switch {
	case now.Sub(at) > s.opts.RetentionEvents:
		return fmt.Errorf("time %s is older than the retention of %s", at.UTC().Format(time.RFC3339),
			s.opts.RetentionEvents)
	case at.Sub(now) > maxFuture:
		return fmt.Errorf("time %s is more than %s ahead of the clock", at.UTC().Format(time.RFC3339), maxFuture)
	case e.Time/waiting.Day < s.waiting.FirstDay():
		return fmt.Errorf("time %s is before the days that the disk has room for", at.UTC().Format(time.RFC3339))
	}
	return waiting.Check(e)
}
