package embedded

// Trim does now what the guard does every trimInterval.
func Trim(s *Store) { s.guard.trim() }
