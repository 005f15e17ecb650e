package embedded

// Trim does now what the guard does every trimInterval.
func Trim(s *Store) { s.guard.trim() }

// TakeAllTurns takes the turns of Series, until they are given back.
func TakeAllTurns(s *Store) (giveBack func()) {
	for range cap(s.turns) {
		s.turns <- struct{}{}
	}
	return func() {
		for range cap(s.turns) {
			<-s.turns
		}
	}
}

// CountSnapshot answers why a snapshot is not whole.
func CountSnapshot(path string) error {
	_, err := readSnapshot(path)
	return err
}

// Pending answers how many rows wait for the engine.
func Pending(s *Store) (n int) {
	s.pending.mu.Lock()
	defer s.pending.mu.Unlock()
	for _, w := range s.pending.days {
		n += len(w.rows)
	}
	return n
}

// HoldEngine keeps waiting rows from the engine, until it is let go.
func HoldEngine(s *Store) (letGo func()) {
	s.pending.giving.Lock()
	return s.pending.giving.Unlock
}
