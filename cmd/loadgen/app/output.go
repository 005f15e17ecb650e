package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// output is a result file. It is written beside its place and moved there when it is complete, so that a run that ends
// early leaves no half of a file and what was there before stays. A nil output takes everything and keeps nothing.
type output struct {
	path string
	file *os.File
	temp string // "" when path is written directly: a device or a pipe
}

// openOutput makes sure, before anything is sent, that the file can be written. A directory gets a file of the given
// name; an empty path is no output.
func openOutput(path, name string) (*output, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // a nil output is one that nobody asked for
	}
	stat, err := os.Stat(path)
	switch {
	case err == nil && stat.IsDir():
		path = filepath.Join(path, name)
	case err == nil && !stat.Mode().IsRegular():
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		return &output{path: path, file: file}, nil
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	if err := file.Chmod(0o644); err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &output{path: path, file: file, temp: file.Name()}, nil
}

// reportName is the name of a report in a directory, as Artillery chooses it.
func reportName(now time.Time) string {
	return "artillery_report_" + now.Format("20060102_150405") + ".json"
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	if o == nil {
		return len(p), nil
	}
	return o.file.Write(p)
}

// commit puts the file in its place.
func (o *output) commit() error {
	if o == nil {
		return nil
	}
	err := o.file.Close()
	o.file = nil
	if err == nil && o.temp != "" {
		err = os.Rename(o.temp, o.path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", o.path, err)
	}
	return nil
}

// abandon removes what was never committed.
func (o *output) abandon(context.Context) error {
	if o == nil || o.file == nil {
		return nil
	}
	err := o.file.Close()
	o.file = nil
	if o.temp != "" {
		return os.Remove(o.temp)
	}
	return err
}
