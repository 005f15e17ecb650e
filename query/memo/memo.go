// Package memo remembers answers for a while.
package memo

import (
	"sync"
	"time"
)

// size bounds what a memo remembers: it forgets all when full, which costs a few questions.
const size = 64

// Memo remembers answers for a while. The zero value is ready.
type Memo[V any] struct {
	mu   sync.Mutex
	kept map[string]kept[V]
}

type kept[V any] struct {
	value V
	until time.Time
}

// Get returns what is remembered of the key, or asks. Two askers at once may both ask: the answers are equal.
func (m *Memo[V]) Get(key string, now time.Time, life time.Duration, ask func() (V, error)) (V, error) {
	return m.GetFor(key, now, func() (V, time.Duration, error) {
		v, err := ask()
		return v, life, err
	})
}

// GetFor is Get where the answer comes with how long it is remembered, 0 when it is not.
func (m *Memo[V]) GetFor(key string, now time.Time, ask func() (V, time.Duration, error)) (V, error) {
	m.mu.Lock()
	k, ok := m.kept[key]
	m.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.value, nil
	}
	v, life, err := ask()
	if err != nil || life <= 0 {
		return v, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) >= size {
		m.kept = map[string]kept[V]{}
	}
	m.kept[key] = kept[V]{v, now.Add(life)}
	return v, nil
}

// Forget forgets what is remembered of a key.
func (m *Memo[V]) Forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, key)
}
