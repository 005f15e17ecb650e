package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"edgescope/internal/disk"
	"edgescope/store/embedded/parts"
	"edgescope/store/embedded/quarantine"
)

// A guarded file is a JSON object that says what no other file does. It is there twice and holds a checksum of itself,
// so that one that is damaged is known, and the other one used.

const copySuffix = ".copy"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readGuarded reads a guarded file. What is damaged, or missing while the copy is there, is told, and mended by the
// next writeGuarded. It fails with fs.ErrNotExist when neither exists.
func (d *Dir) readGuarded(name string, v any) error {
	path := filepath.Join(d.path, name)
	err := readGuardedFile(path, v)
	if err == nil {
		return nil
	}
	second := readGuardedFile(path+copySuffix, v)
	if errors.Is(err, fs.ErrNotExist) && errors.Is(second, fs.ErrNotExist) {
		return err
	}
	if second != nil {
		return err
	}
	d.logger.Error("a file of the data directory is damaged: its copy is used", slog.String("file", path),
		slog.Any("error", err))
	return d.setAside(name, err)
}

func readGuardedFile(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var guard struct {
		Sum *string `json:"sum"`
	}
	if err := errors.Join(json.Unmarshal(b, v), json.Unmarshal(b, &guard)); err != nil {
		return err
	}
	if guard.Sum == nil { // of a version before
		return nil
	}
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if *guard.Sum != checksum(content) {
		return errors.New("its checksum does not match")
	}
	return nil
}

func checksum(content []byte) string { return fmt.Sprintf("%08x", crc32.Checksum(content, castagnoli)) }

// writeGuarded replaces a guarded file and its copy, whole or not at all, durably. v is a JSON object with at least one
// member.
func (d *Dir) writeGuarded(name string, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b := fmt.Appendf(nil, "%s,\"sum\":%q}\n", content[:len(content)-1], checksum(content))
	for _, file := range []string{name, name + copySuffix} {
		if info, err := os.Lstat(filepath.Join(d.path, file)); err == nil && info.IsDir() {
			if err := d.setAside(file, errors.New("it is a folder")); err != nil {
				return err
			}
		}
		if err := disk.Replace(filepath.Join(d.path, file), b); err != nil {
			return err
		}
	}
	return nil
}

// setAside moves a file of the data directory to the quarantine.
func (d *Dir) setAside(name string, reason error) error {
	o := quarantine.Options{Dir: d.path, Epoch: d.identity.Epoch, Logger: d.logger}
	return quarantine.SetAside(o, filepath.Join(d.path, name), reason, parts.Held{})
}
