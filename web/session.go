package web

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"sync/atomic"
	"time"

	"edgescope/edge"
)

const (
	// sessionLife is how long a sign-in lasts when Options do not say: a working day.
	sessionLife = 12 * time.Hour
	// sessionMemory bounds what sessions take, in bytes, and sessionBytes is what one takes beside its token.
	sessionMemory = 16 << 20
	sessionBytes  = 512
)

// session is one signed-in browser. The token stays here: the browser only has the session's random id.
type session struct {
	token   string
	tenant  edge.Tenant
	expires time.Time
	ended   atomic.Bool

	key [sha256.Size]byte
	// inAll and inOwn are its places among all sessions and among its tenant's.
	inAll, inOwn *list.Element
}

func (s *session) size() int { return sessionBytes + len(s.token) }

// tenantSessions are those of a tenant, in the order in which they began, and what they take in bytes.
type tenantSessions struct {
	list.List
	bytes int
}

// sessions are those of a process: a restart signs everybody out. They are kept by a hash of their id, so that finding
// one takes no time that tells about ids. A tenant has at most as much of their memory as is still free then: alone a
// half, each of two a third, and so on. Beyond that its own oldest sessions end, and never another tenant's. It is safe
// for concurrent use.
type sessions struct {
	life time.Duration
	now  func() time.Time

	mu       sync.Mutex
	byID     map[[sha256.Size]byte]*session
	byTenant map[edge.Tenant]*tenantSessions
	all      list.List // of *session, in the order in which they began, which is that in which they expire
	bytes    int
}

func newSessions(life time.Duration, now func() time.Time) *sessions {
	if life == 0 {
		life = sessionLife
	}
	return &sessions{
		life: life, now: now, byID: map[[sha256.Size]byte]*session{}, byTenant: map[edge.Tenant]*tenantSessions{},
	}
}

// begin makes a session and returns its id, which cannot be guessed; "" when so many tenants have sessions that none is
// left.
func (s *sessions) begin(token string, tenant edge.Tenant) (id string) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails, says its documentation
	id = base64.RawURLEncoding.EncodeToString(random)
	one := &session{token: token, tenant: tenant, expires: s.now().Add(s.life), key: sha256.Sum256([]byte(id))}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.makeRoom(one) {
		return ""
	}
	own := s.byTenant[tenant]
	if own == nil {
		own = new(tenantSessions)
		s.byTenant[tenant] = own
	}
	s.byID[one.key] = one
	one.inAll, one.inOwn = s.all.PushBack(one), own.PushBack(one)
	own.bytes += one.size()
	s.bytes += one.size()
	return id
}

// makeRoom ends the sessions that have expired, and the oldest of the tenant while it has more than its part. It
// returns whether there is room then.
func (s *sessions) makeRoom(next *session) bool {
	for e := s.all.Front(); e != nil && s.over(e.Value.(*session)); e = s.all.Front() {
		s.forget(e.Value.(*session))
	}
	for {
		own := s.byTenant[next.tenant]
		free := sessionMemory - s.bytes - next.size()
		if own == nil || own.bytes+next.size() <= free {
			return free >= 0
		}
		s.forget(own.Front().Value.(*session))
	}
}

// forget ends a session; what still uses it is refused from then on.
func (s *sessions) forget(one *session) {
	one.ended.Store(true)
	delete(s.byID, one.key)
	own := s.byTenant[one.tenant]
	own.Remove(one.inOwn)
	s.all.Remove(one.inAll)
	own.bytes -= one.size()
	s.bytes -= one.size()
	if own.Len() == 0 {
		delete(s.byTenant, one.tenant)
	}
}

// find returns the session of that id, nil when there is none or it is over.
func (s *sessions) find(id string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.byID[sha256.Sum256([]byte(id))]
	if one != nil && s.over(one) {
		s.forget(one)
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
	if one := s.byID[sha256.Sum256([]byte(id))]; one != nil {
		s.forget(one)
	}
}
