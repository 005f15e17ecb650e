package web

import (
	"testing"
	"time"
)

func TestSessionsAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	s := newSessions(time.Hour, func() time.Time { return now })
	first := s.begin("first")
	now = now.Add(time.Second)
	second := s.begin("second")
	now = now.Add(time.Second)
	for range maxSessions - 1 {
		s.begin("further")
	}
	if s.find(first) != nil || s.find(second) == nil || len(s.byID) != maxSessions {
		t.Errorf("with one too many: first %v, second %v, %d sessions; want the oldest to end", s.find(first), s.find(second), len(s.byID))
	}
	now = now.Add(2 * time.Hour)
	s.begin("after all have expired")
	if len(s.byID) != 1 {
		t.Errorf("expired sessions stay: %d", len(s.byID))
	}
}

func TestASessionIsFoundByItsIDOnly(t *testing.T) {
	s := newSessions(0, time.Now)
	id := s.begin("token")
	for _, other := range []string{"", id[1:], id + "A", id + "=", "token"} {
		if s.find(other) != nil {
			t.Errorf("%q finds the session %q", other, id)
		}
	}
	if one := s.find(id); one == nil || one.token != "token" {
		t.Errorf("got %+v", one)
	}
	if s.begin("token") == id {
		t.Error("two sessions have one id")
	}
}
