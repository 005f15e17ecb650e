package web

import (
	"strings"
	"testing"
	"time"

	"edgescope/edge"
)

// TestOneTenantsSignInsNeverEndAnothersSessions: each tenant has its part of the memory, and beyond that its own oldest
// ends.
func TestOneTenantsSignInsNeverEndAnothersSessions(t *testing.T) {
	now := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	s := newSessions(time.Hour, func() time.Time { return now })
	quiet := s.begin("quiet", 1)
	for tenant := edge.Tenant(2); tenant < 6; tenant++ {
		var ids []string
		for range 2 * sessionMemory / sessionBytes {
			ids = append(ids, s.begin("greedy", tenant))
		}
		if s.find(ids[0]) != nil || s.find(ids[len(ids)-1]) == nil {
			t.Errorf("tenant %d: its oldest session is there: %v, its newest: %v", tenant, s.find(ids[0]) != nil,
				s.find(ids[len(ids)-1]) != nil)
		}
		if s.bytes > sessionMemory {
			t.Errorf("sessions take %d bytes, at most %d are theirs", s.bytes, sessionMemory)
		}
	}
	if s.find(quiet) == nil {
		t.Error("the session of another tenant has ended")
	}
	if newcomer := s.begin("newcomer", 7); s.find(newcomer) == nil {
		t.Error("there is no room for a further tenant")
	}
	// Long tokens count as what they are.
	for range 5000 {
		s.begin(strings.Repeat("x", 16<<10), 8)
	}
	if s.bytes > sessionMemory || s.find(quiet) == nil {
		t.Errorf("with long tokens: %d bytes, another tenant's session is there: %v", s.bytes, s.find(quiet) != nil)
	}
	now = now.Add(2 * time.Hour)
	s.begin("after all have expired", 1)
	if len(s.byID) != 1 || s.all.Len() != 1 || len(s.byTenant) != 1 ||
		s.bytes != sessionBytes+len("after all have expired") {
		t.Errorf("expired sessions stay: %d, of %d tenants, %d bytes", len(s.byID), len(s.byTenant), s.bytes)
	}
}

func TestASessionIsFoundByItsIDOnly(t *testing.T) {
	s := newSessions(0, time.Now)
	id := s.begin("token", 0)
	for _, other := range []string{"", id[1:], id + "A", id + "=", "token"} {
		if s.find(other) != nil {
			t.Errorf("%q finds the session %q", other, id)
		}
	}
	if one := s.find(id); one == nil || one.token != "token" {
		t.Errorf("got %+v", one)
	}
	if s.begin("token", 0) == id {
		t.Error("two sessions have one id")
	}
}
