package disk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ReadState reads into a value what WriteState wrote; a file that is not there leaves it as it is. One that is no JSON
// is set aside, so that a program can start without it: damaged is where it is then, "" when nothing was wrong.
func ReadState(path string, into any) (damaged string, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read state: %w", err)
	}
	if json.Unmarshal(text, into) == nil {
		return "", nil
	}
	damaged = path + ".damaged"
	if err := os.Rename(path, damaged); err != nil {
		return "", fmt.Errorf("set damaged state aside: %w", err)
	}
	return damaged, nil
}

// WriteState puts a value as JSON in the place of a file, as Replace does.
func WriteState(path string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return Replace(path, text)
}
