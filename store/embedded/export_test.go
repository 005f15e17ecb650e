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
