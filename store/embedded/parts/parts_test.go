package parts_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edgescope/store/embedded/parts"
)

// kinds are parts that the engines wrote, small ones, below testdata.
var kinds = map[string]parts.Kind{
	"events": parts.Events, "logs": parts.Events, "eventindex": parts.EventIndex, "samples": parts.Samples,
	"sampleindex": parts.SampleIndex,
}

// copied makes a copy of a part.
func copied(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	return all
}

func TestWhatTheEnginesWroteIsSound(t *testing.T) {
	for name, kind := range kinds {
		dir := filepath.Join("testdata", name)
		held, err := parts.Check(t.Context(), dir, kind)
		if err != nil || held.Rows == 0 {
			t.Errorf("%s: %d rows, %v", name, held.Rows, err)
		}
		if looked, err := parts.Look(dir, kind); err != nil || looked != held {
			t.Errorf("%s: a look finds %v, %v; want %v", name, looked, err, held)
		}
	}
	held, _ := parts.Check(t.Context(), filepath.Join("testdata", "events"), parts.Events)
	if held.Rows != 150 || held.From.IsZero() || held.To.Before(held.From) || held.To.Sub(held.From) > time.Minute {
		t.Errorf("the part of events says that it holds %+v", held)
	}
}

// TestDamageIsFound damages each file of each part. What the error says begins with a file, or tells what does not
// agree.
func TestDamageIsFound(t *testing.T) {
	f := func(how string, damage func(b []byte) []byte) {
		t.Helper()
		for name, kind := range kinds {
			for _, file := range files(t, filepath.Join("testdata", name)) {
				good, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				bad := damage(bytes.Clone(good))
				if bytes.Equal(bad, good) || unread(how, name, filepath.Base(file)) { // some files are empty
					continue
				}
				dir := copied(t, name)
				if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), bad, 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := parts.Check(t.Context(), dir, kind); err == nil {
					t.Errorf("%s of %s, %s: nothing is found", filepath.Base(file), name, how)
				}
			}
		}
	}
	f("empty", func([]byte) []byte { return nil })
	f("cut in half", func(b []byte) []byte { return b[:len(b)/2] })
	f("cut by a byte", func(b []byte) []byte { return b[:max(0, len(b)-1)] })
	f("zeros", func(b []byte) []byte { clear(b); return b })
	f("inverted", func(b []byte) []byte {
		for i := range b {
			b[i] ^= 0xff
		}
		return b
	})
}

// unread tells whether a file's content can be anything: filters are bits, and all zeros are values too. A seal vouches
// for those.
func unread(how, name, file string) bool {
	values := how == "zeros" && name == "samples" && file == "values.bin"
	return unlisted(name, file) || values || (how == "zeros" || how == "inverted") && strings.Contains(file, "bloom")
}

// unlisted tells of files that the part of logs has, and that no column is in.
func unlisted(name, file string) bool {
	return name == "logs" && (file == "bloom.bin0" || file == "values.bin0")
}

func TestAMissingFileIsFound(t *testing.T) {
	for name, kind := range kinds {
		for _, file := range files(t, filepath.Join("testdata", name)) {
			if unlisted(name, filepath.Base(file)) {
				continue
			}
			dir := copied(t, name)
			missing := filepath.Join(dir, filepath.Base(file))
			for _, damage := range []func() error{
				func() error { return os.Remove(missing) },
				func() error { return os.Mkdir(missing, 0o750) },
			} {
				if err := damage(); err != nil {
					t.Fatal(err)
				}
				for what, check := range map[string]func(string, parts.Kind) (parts.Held, error){
					"Check": func(dir string, kind parts.Kind) (parts.Held,
						error,
					) {
						return parts.Check(t.Context(), dir, kind)
					}, "Look": parts.Look,
				} {
					if _, err := check(dir, kind); err == nil || strings.Contains(err.Error(), dir) ||
						!strings.Contains(err.Error(), filepath.Base(file)) {
						t.Errorf("%s of %s: %s returns %v, want the name of the file without its folder",
							filepath.Base(file), name, what, err)
					}
				}
			}
		}
	}
}

// TestEveryBitMayBeDamaged flips bits of what says where things are and how they are encoded, one after the other:
// reading ends, and what was damaged is good again when it is put right.
func TestEveryBitMayBeDamaged(t *testing.T) {
	f := func(name string, kind parts.Kind, files ...string) {
		t.Helper()
		dir := copied(t, name)
		for _, file := range files {
			path := filepath.Join(dir, file)
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := range good[:min(len(good), 120)] {
				bad := bytes.Clone(good)
				bad[i] ^= 1 << (i % 8)
				if err := os.WriteFile(path, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				_, _ = parts.Check(t.Context(), dir, kind) // what matters is that it returns
			}
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := parts.Check(t.Context(), dir, kind); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("events", parts.Events, "metaindex.bin", "index.bin", "columns_header.bin", "columns_header_index.bin",
		"column_idxs.bin", "values.bin0")
	f("eventindex", parts.EventIndex, "metaindex.bin", "index.bin", "items.bin", "lens.bin")
	f("samples", parts.Samples, "metaindex.bin", "index.bin", "values.bin", "timestamps.bin")
	f("sampleindex", parts.SampleIndex, "metaindex.bin", "index.bin", "items.bin", "lens.bin")
}

// TestNoNameInMetadataMayBeDamaged: of a name that it does not find the engine takes a default that ends the process.
func TestNoNameInMetadataMayBeDamaged(t *testing.T) {
	for name, kind := range kinds {
		dir := copied(t, name)
		path := filepath.Join(dir, "metadata.json")
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range strings.FieldsFunc(string(good),
			func(r rune) bool { return r != '_' && (r < 'A' || r > 'z') }) {
			if len(field) < 8 { // a piece of an item
				continue
			}
			bad := strings.Replace(string(good), field, field[:len(field)-1]+"_", 1)
			if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{
				"Check": second(parts.Check(t.Context(), dir, kind)),
				"Look":  second(parts.Look(dir, kind)),
			} {
				if err == nil {
					t.Errorf("%s: %s finds nothing in %s", name, what, bad)
				}
			}
		}
	}
}

func second(_ parts.Held, err error) error { return err }

func TestWhatFollowsTheLastBlockIsNoDamage(t *testing.T) {
	for name, kind := range kinds {
		for _, file := range files(t, filepath.Join("testdata", name)) {
			switch base := filepath.Base(file); base {
			case "metadata.json", "metaindex.bin", "column_names.bin", "column_idxs.bin": // these are read whole
			default:
				dir := copied(t, name)
				b, err := os.ReadFile(file)
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, base), append(b, "garbage"...), 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
				if _, err := parts.Check(t.Context(), dir, kind); err != nil {
					t.Errorf("%s of %s has grown: %v", base, name, err)
				}
			}
		}
	}
}

func TestSumsTellContentStatesTellTimes(t *testing.T) {
	dir := copied(t, "events")
	state, sum := stateAndSum(t, dir)
	path := filepath.Join(dir, "values.bin0")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, info.ModTime().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if touched, same := stateAndSum(t, dir); touched == state || same != sum {
		t.Errorf("touched: state %v and sum %x, want another state than %v and sum %x", touched, same, state, sum)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if same, changed := stateAndSum(t, dir); same != state || changed == sum {
		t.Errorf("a bit that changed on disk: state %v and sum %x, want state %v and another sum than %x", same,
			changed, state, sum)
	}
}

func stateAndSum(t *testing.T, dir string) (parts.State, uint32) {
	t.Helper()
	state, err := parts.StateOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := parts.Sum(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return state, sum
}

// TestReadingEndsWhenItIsNotWantedAnyMore: a part may have gigabytes, and a process that is told to stop has seconds.
func TestReadingEndsWhenItIsNotWantedAnyMore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, kind := range kinds {
		if _, err := parts.Check(ctx, filepath.Join("testdata", name), kind); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Check returns %v", name, err)
		}
		if _, err := parts.Sum(ctx, filepath.Join("testdata", name)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Sum returns %v", name, err)
		}
	}
}

// FuzzCheck changes a file of a part: reading it ends, in bounds of memory, whatever is in it.
func FuzzCheck(f *testing.F) {
	type target struct {
		name string
		kind parts.Kind
		file string
	}
	var targets []target
	for _, name := range []string{"events", "logs", "eventindex", "samples", "sampleindex"} {
		for _, file := range files(f, filepath.Join("testdata", name)) {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(len(targets)), b)
			targets = append(targets, target{name, kinds[name], filepath.Base(file)})
		}
	}
	dirs := map[string]string{}
	for name := range kinds {
		dirs[name] = copied(f, name)
	}
	f.Fuzz(func(t *testing.T, which uint8, content []byte) {
		at := targets[int(which)%len(targets)]
		path := filepath.Join(dirs[at.name], at.file)
		good, err := os.ReadFile(filepath.Join("testdata", at.name, at.file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := parts.Check(t.Context(), dirs[at.name], at.kind); err != nil && fmt.Sprint(err) == "" {
			t.Errorf("%s of %s: an error without words", at.file, at.name)
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	})
}
