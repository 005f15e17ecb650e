package embedded_test

import (
	"testing"

	"go.uber.org/goleak"

	"edgescope/store"
	"edgescope/store/embedded"
	"edgescope/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

func mustOpen(t *testing.T, o embedded.Options) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(t *testing.T) store.Store {
		s, err := embedded.Open(t.Context(), embedded.Options{Dir: dir, MemoryLimit: 256 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
