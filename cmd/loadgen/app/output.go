package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"edgescope/internal/run"
)

// standardOutput is the path that means it.
const standardOutput = "-"

// output is a result file. It is written beside its place and moved there when it is complete, so that a run that ends
// early, or a disk that is full, leaves no half of a file and what was there before stays. A nil output takes everything
// and keeps nothing.
type output struct {
	path string
	to   io.Writer
	file *os.File // nil for the standard output, and once it is closed
	temp string   // "" when path is written directly: a device or a pipe
	err  error    // of the first write that failed
}

// openOutput makes sure, before anything is sent, that the file can be written. A directory gets a file of the given
// name; "-" is the standard output; an empty path is no output.
func openOutput(p run.Process, path, name string) (*output, error) {
	switch path {
	case "":
		return nil, nil //nolint:nilnil // a nil output is one that nobody asked for
	case standardOutput:
		return &output{path: path, to: p.Stdout}, nil
	}
	mode := os.FileMode(0o644)
	stat, err := os.Stat(path)
	switch {
	case err == nil && stat.IsDir():
		path = filepath.Join(path, name)
	case err == nil && !stat.Mode().IsRegular():
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, cannotWrite(path, err)
		}
		return &output{path: path, to: file, file: file}, nil
	case err == nil:
		mode = stat.Mode().Perm()
		// A link stays one: the file that it names is replaced.
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, cannotWrite(path, err)
		}
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, cannotWrite(path, err)
	}
	if err := file.Chmod(mode); err != nil {
		return nil, cannotWrite(path, err)
	}
	return &output{path: path, to: file, file: file, temp: file.Name()}, nil
}

// cannotWrite says why, without the name of the file beside path that is written first.
func cannotWrite(path string, err error) error {
	var named *fs.PathError
	if errors.As(err, &named) {
		err = named.Err
	}
	return fmt.Errorf("write %s: %w", path, err)
}

// console is where a verb talks to people: the standard output, or the standard error when a result goes to the
// standard output.
func console(p run.Process, paths ...string) (io.Writer, error) {
	to, taken := p.Stdout, 0
	for _, path := range paths {
		if path == standardOutput {
			to = p.Stderr
			taken++
		}
	}
	if taken > 1 {
		return nil, run.Usage("%d results are to go to the standard output (-): want at most one", taken)
	}
	return to, nil
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
	n, err := o.to.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// fill writes the whole output and puts it in its place.
func (o *output) fill(write func(io.Writer) error) error {
	if o == nil {
		return nil
	}
	if err := write(o); o.err == nil {
		o.err = err
	}
	return o.commit()
}

// commit puts the file in its place if all of it could be written; else what was there before stays.
func (o *output) commit() error {
	if o == nil {
		return nil
	}
	err := o.err
	if o.temp != "" && err == nil {
		err = o.file.Sync() // a full disk may show only here
	}
	if o.file != nil {
		err = errors.Join(err, o.file.Close())
		o.file = nil
	}
	switch {
	case o.temp == "":
	case err == nil:
		err = os.Rename(o.temp, o.path)
	default:
		err = errors.Join(err, os.Remove(o.temp))
	}
	if err != nil {
		return cannotWrite(o.path, err)
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
