package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"edgescope/scenarios/files"
)

// tree makes a folder with a script's folder in it, and goes there.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{
		"node_modules/pkg/index.js", "secret.txt", "load/s.yml", "load/data/d.csv", "load/node_modules/own/index.js",
		"loads/d.csv", "more/m.csv", "elsewhere/node_modules/x/index.js",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		os.Symlink("../secret.txt", filepath.Join(dir, "load", "link.txt")),
		os.Symlink("data", filepath.Join(dir, "load", "inside")),
		os.Symlink("..", filepath.Join(dir, "load", "up")),
		os.Symlink("/dev/zero", filepath.Join(dir, "load", "zero")),
		os.Symlink("load", filepath.Join(dir, "alias")),
		syscall.Mkfifo(filepath.Join(dir, "load", "pipe"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	return dir
}

func TestFilesBelowTheFolder(t *testing.T) {
	dir := tree(t)
	a := files.Below([]string{"load", "more"}, []string{"secret.txt"})
	f := func(name, want string) {
		t.Helper()
		got := ""
		if err := a.Check(name); err != nil {
			got = err.Error()
			if errors.Is(err, fs.ErrPermission) != strings.Contains(got, "outside") {
				t.Errorf("%s: %v is a question of permission: %v", name, err, !strings.Contains(got, "outside"))
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	outside := func(folder string) string {
		return "it lies outside the script's folder (--allow-files " + folder + " allows it)"
	}
	f("load/data/d.csv", "")
	f("load/inside/d.csv", "")
	f("load/data/../data/d.csv", "")
	f("load/gone.csv", "")
	f(filepath.Join(dir, "load", "data", "d.csv"), "")
	f("alias/data/d.csv", "")
	f("more/m.csv", "")
	f("secret.txt", "")
	f("load/link.txt", "") // to a file that is allowed
	f("loads/d.csv", outside("loads"))
	f("load/../loads/d.csv", outside("loads"))
	f("load/up/loads/d.csv", outside("load/up/loads"))
	f("/etc/passwd", outside("/etc"))
	f("load/zero", outside("load"))
	f("load/up/gone.txt", outside("load/up"))
	f("load/pipe", "it is no file but p---------")
	a = files.Below([]string{"load"}, nil)
	f("load/link.txt", outside("load"))
	a = files.Below([]string{"alias"}, nil) // the folder itself may be a link
	f("load/data/d.csv", "")
	if got := a.Folders(); len(got) != 1 || filepath.Base(got[0]) != "load" {
		t.Errorf("folders %v", got)
	}
}

func TestPackagesLieWhereNodeLooks(t *testing.T) {
	tree(t)
	a := files.Below([]string{"load"}, nil)
	f := func(name string, allowed bool) {
		t.Helper()
		if err := a.Modules("load/p.js").Check(name); (err == nil) != allowed {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("load/lib.js", true)
	f("load/node_modules/own/index.js", true)
	f("node_modules/pkg/index.js", true)
	f("node_modules/pkg/node_modules/sub/index.js", true)
	f("elsewhere/node_modules/x/index.js", false)
	f("secret.txt", false)
	f("more/m.csv", false)
}

func TestCodeMayLieInTheProjectOfTheScript(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"kit/package.json", "kit/code/p.js", "kit/code/d.json", "kit/load/s.yml", "other/p.js",
		"repo/lib/package.json", "repo/lib/index.js", "repo/lib/secret.json", "plain/index.js", "cache/node_modules/pkg/data.json",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		os.Mkdir(filepath.Join(dir, "kit", "node_modules"), 0o700),
		os.Symlink("../../repo/lib", filepath.Join(dir, "kit", "node_modules", "lib")),
		os.Symlink("../../plain", filepath.Join(dir, "kit", "node_modules", "plain")),
		os.Symlink("../../cache/node_modules", filepath.Join(dir, "kit", "code", "node_modules")),
	); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "kit", "load"))
	a := files.Below([]string{"."}, nil)
	f := func(name string, want bool) {
		t.Helper()
		if got := a.Modules("../code/p.js").Check(name) == nil; got != want {
			t.Errorf("%s may be imported: %t, want %t", name, got, want)
		}
		if a.Check(name) == nil {
			t.Errorf("%s may be read", name)
		}
	}
	f("../code/p.js", true)
	f(filepath.Join(dir, "kit/code/p.js"), true)
	f("../code/d.json", false)
	f("../../other/p.js", false)
	f("../../repo/lib/index.js", true) // linked
	f("../../repo/lib/secret.json", false)
	f("../../cache/node_modules/pkg/data.json", true) // linked as a whole
	f("../../plain/index.js", false)                  // linked, and no package
	if err := errors.Join(os.Remove(filepath.Join(dir, "kit", "package.json")),
		os.RemoveAll(filepath.Join(dir, "kit", "node_modules"))); err != nil {
		t.Fatal(err)
	}
	f("../code/p.js", false)
}
