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
	for i := range s.pending.days {
		n += int(s.pending.days[i].n)
	}
	return n
}
