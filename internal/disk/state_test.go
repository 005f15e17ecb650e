package disk_test

import (
	"os"
	"path/filepath"
	"testing"

	"edgescope/internal/disk"
)

func TestStateIsReadAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	got := map[string]int{"kept": 1}
	if damaged, err := disk.ReadState(path, &got); err != nil || damaged != "" || got["kept"] != 1 {
		t.Errorf("a file that is not there: %v, %q, %v", got, damaged, err)
	}
	if err := disk.WriteState(path, map[string]int{"a": 2}); err != nil {
		t.Fatal(err)
	}
	if damaged, err := disk.ReadState(path, &got); err != nil || damaged != "" || got["a"] != 2 {
		t.Errorf("read back: %v, %q, %v", got, damaged, err)
	}
}

func TestDamagedStateIsSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(path, []byte(`{"a": 2`), 0o600); err != nil {
		t.Fatal(err)
	}
	var got map[string]int
	damaged, err := disk.ReadState(path, &got)
	if err != nil || damaged != path+".damaged" {
		t.Fatalf("set aside as %q, %v", damaged, err)
	}
	if text, err := os.ReadFile(damaged); err != nil || string(text) != `{"a": 2` {
		t.Errorf("what was set aside is %q, %v", text, err)
	}
	if damaged, err := disk.ReadState(path, &got); err != nil || damaged != "" {
		t.Errorf("the next start: %q, %v", damaged, err)
	}
}
