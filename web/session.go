package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// sessionLife is how long a sign-in lasts when Options do not say: a working day.
	sessionLife = 12 * time.Hour
	// maxSessions bounds the memory of sessions; beyond it the one that would end first ends.
	maxSessions = 10_000
)

// session is one signed-in browser. The token stays here: the browser only has the session's random id.
type session struct {
	token   string
	expires time.Time
	ended   atomic.Bool
}

// sessions are those of a process: a restart signs everybody out. They are kept by a hash of their id, so that finding one
// takes no time that tells about ids. It is safe for concurrent use.
type sessions struct {
	life time.Duration
	now  func() time.Time

	mu   sync.Mutex
	byID map[[sha256.Size]byte]*session
}

func newSessions(life time.Duration, now func() time.Time) *sessions {
	if life == 0 {
		life = sessionLife
	}
	return &sessions{life: life, now: now, byID: map[[sha256.Size]byte]*session{}}
}

// begin makes a session and answers its id, which cannot be guessed.
func (s *sessions) begin(token string) (id string) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails, says its documentation
	id = base64.RawURLEncoding.EncodeToString(random)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byID) >= maxSessions {
		s.makeRoom()
	}
	s.byID[sha256.Sum256([]byte(id))] = &session{token: token, expires: s.now().Add(s.life)}
	return id
}

// makeRoom ends the sessions that have expired, or else the oldest.
func (s *sessions) makeRoom() {
	now := s.now()
	var oldest [sha256.Size]byte
	var first *session
	for id, one := range s.byID {
		if !one.expires.After(now) {
			delete(s.byID, id)
		} else if first == nil || one.expires.Before(first.expires) {
			oldest, first = id, one
		}
	}
	if len(s.byID) >= maxSessions {
		first.ended.Store(true)
		delete(s.byID, oldest)
	}
}

// find answers the session of that id, nil when there is none or it is over.
func (s *sessions) find(id string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(id))
	one := s.byID[key]
	if one != nil && s.over(one) {
		delete(s.byID, key)
		return nil
	}
	return one
}

// over tells whether a session has expired or was ended.
func (s *sessions) over(one *session) bool { return one.ended.Load() || !one.expires.After(s.now()) }

// end ends a session; what still uses it is refused from then on.
func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(id))
	if one := s.byID[key]; one != nil {
		one.ended.Store(true)
		delete(s.byID, key)
	}
}
