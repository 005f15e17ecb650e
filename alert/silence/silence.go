// Package silence keeps silences on disk: for how long nobody is told of which alerts, who wanted that, and why.
package silence

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/internal/disk"
	"edgescope/internal/labels"
)

const (
	// maxSilences bounds those that are kept, and maxText the text of an author or a comment, in bytes.
	maxSilences = 1000
	maxText     = 1000
	maxMatchers = 20
	// kept is how long one is shown that has ended.
	kept = 5 * 24 * time.Hour
	// longest is how long one may last: who wants to be told never takes the rule out.
	longest = 366 * 24 * time.Hour
)

// Silence mutes alerts. It holds for every tenant unless a matcher of edge_tenant chooses one.
type Silence struct {
	ID       string          `json:"id"`
	Matchers labels.Matchers `json:"matchers"`
	// Start <= time < End is when it mutes.
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Author  string    `json:"author"`
	Comment string    `json:"comment"`
}

// States of a silence.
const (
	Pending = "pending"
	Active  = "active"
	Expired = "expired"
)

// State returns whether a silence mutes.
func (s *Silence) State(now time.Time) string {
	switch {
	case !now.Before(s.End):
		return Expired
	case now.Before(s.Start):
		return Pending
	}
	return Active
}

// ErrUnknown is that there is no silence of an id.
var ErrUnknown = errors.New("there is no such silence")

// Silences keeps silences. It is safe for concurrent use.
type Silences struct {
	path string
	now  func() time.Time

	mu  sync.Mutex
	all []Silence // in the order of their starts
}

// Open reads the silences in a file. One that is damaged is set aside: then nothing is muted.
func Open(path string, now func() time.Time, logger *slog.Logger) (*Silences, error) {
	s := &Silences{path: path, now: now}
	damaged, err := disk.ReadState(path, &s.all)
	if damaged != "" {
		logger.Error("silences are unreadable and set aside: nothing is muted", slog.String("path", damaged))
		s.all = nil
	}
	return s, err //nolint:wrapcheck // it names the file
}

// Add keeps a silence under a new id and returns it. A start that is zero or past is now. Its error says what the caller
// has to change, or is of the disk, which is then a *WriteError.
func (s *Silences) Add(one Silence) (Silence, error) {
	now := s.now().UTC()
	if one.Start.Before(now) {
		one.Start = now
	}
	one.Start, one.End = one.Start.UTC(), one.End.UTC()
	one.Author, one.Comment = strings.TrimSpace(one.Author), strings.TrimSpace(one.Comment)
	if err := checked(&one); err != nil {
		return Silence{}, err
	}
	one.ID = strings.ToLower(rand.Text())
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.current(now)
	if len(all) >= maxSilences {
		return Silence{}, fmt.Errorf("there are %d silences: expire some", len(all))
	}
	all = append(all, one)
	slices.SortStableFunc(all, func(a, b Silence) int { return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.ID, b.ID)) })
	return one, s.write(all)
}

func checked(s *Silence) error {
	switch {
	case len(s.Matchers) == 0:
		return errors.New(`a silence needs matchers, such as ["service_name=\"checkout\""]`)
	case len(s.Matchers) > maxMatchers:
		return fmt.Errorf("%d matchers: want at most %d", len(s.Matchers), maxMatchers)
	case s.End.IsZero():
		return errors.New("a silence needs an end")
	case !s.End.After(s.Start):
		return fmt.Errorf("the end %s is not after the start %s", s.End.Format(time.RFC3339), s.Start.Format(time.RFC3339))
	case s.End.Sub(s.Start) > longest:
		return errors.New("a silence lasts a year at most: take the rule out instead")
	case s.Author == "" || s.Comment == "":
		return errors.New("a silence needs an author and a comment: others will ask who muted it, and why")
	case len(s.Author) > maxText || len(s.Comment) > maxText:
		return fmt.Errorf("author and comment may have %d bytes each", maxText)
	}
	return s.Matchers.Choosy() //nolint:wrapcheck // it says all
}

// Expire ends a silence now, or fails with ErrUnknown.
func (s *Silences) Expire(id string) (Silence, error) {
	now := s.now().UTC()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.current(now)
	i := slices.IndexFunc(all, func(one Silence) bool { return one.ID == id })
	if i < 0 {
		return Silence{}, ErrUnknown
	}
	if all[i].State(now) != Expired {
		all[i].Start, all[i].End = earlier(all[i].Start, now), now
	}
	return all[i], s.write(all)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// List returns all silences, also those that ended in the last five days, in the order of their starts.
func (s *Silences) List() []Silence {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current(s.now())
}

// Mutes returns the id of a silence that mutes what has these labels, "" when none does.
func (s *Silences) Mutes(set map[string]string) string {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		if one := &s.all[i]; one.State(now) == Active && one.Matchers.Matches(set) {
			return one.ID
		}
	}
	return ""
}

// current is a copy of what is kept.
func (s *Silences) current(now time.Time) []Silence {
	return slices.DeleteFunc(slices.Clone(s.all), func(one Silence) bool { return now.Sub(one.End) > kept })
}

// WriteError is that silences could not be written.
type WriteError struct{ Err error }

// Error says what the disk does.
func (e *WriteError) Error() string { return "keep silences: " + e.Err.Error() }

// Unwrap returns the error of the disk.
func (e *WriteError) Unwrap() error { return e.Err }

func (s *Silences) write(all []Silence) error {
	if err := disk.WriteState(s.path, all); err != nil {
		return &WriteError{err}
	}
	s.all = all
	return nil
}
