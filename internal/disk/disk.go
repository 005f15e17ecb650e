// Package disk writes files so that they outlast the loss of power.
package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace puts data in the place of a file, whole or not at all, durably. It writes to a file of that name with .tmp
// first.
func Replace(path string, data []byte) error {
	temp := path + ".tmp"
	if err := Write(temp, data); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Write writes a file durably. Its folder is not synced: SyncDir does that.
func Write(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// SyncDir makes durable which files a folder has.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
