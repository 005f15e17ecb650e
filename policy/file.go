package policy

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// File is a policy file that can be read again while it is asked. It is safe for concurrent use.
type File struct {
	path    string
	check   func(*Policy) error
	current atomic.Pointer[Policy]

	mu      sync.Mutex // one reload at a time; guards problem
	problem string
}

// Open reads a policy file; without a path it is that of no file. It fails with what Read fails with, or with what check
// says, here and at each reload; a nil check says nothing.
func Open(path string, check func(*Policy) error) (*File, error) {
	f := &File{path: path, check: check}
	f.current.Store(&Policy{})
	if path == "" {
		return f, nil
	}
	p, err := f.read()
	if err != nil {
		return nil, err
	}
	f.current.Store(p)
	return f, nil
}

func (f *File) read() (*Policy, error) {
	p, err := Read(f.path)
	if err != nil || f.check == nil {
		return p, err
	}
	return p, f.check(p)
}

// Current returns the policy that holds now, never nil.
func (f *File) Current() *Policy { return f.current.Load() }

// For returns what holds now for a tenant, by its name.
func (f *File) For(tenant string) *Policy { return f.Current().For(tenant) }

// Reload reads the file again. What cannot be read or is wrong leaves the old policy as it is, and is Problem's from
// then on.
func (f *File) Reload() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.path == "" {
		return nil
	}
	p, err := f.read()
	if err != nil {
		f.problem = err.Error()
		return fmt.Errorf("the policy stays as it was: %w", err)
	}
	f.problem = ""
	f.current.Store(p)
	return nil
}

// Problem is why the last reload failed, one line for each thing that is wrong, "" if it did not: pages show it.
func (f *File) Problem() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.problem
}
