package tree

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// ReadFile returns the text of a file of at most so many bytes. What is no file, such as a pipe, is refused: to read it
// might never end, and it could not be read again. Errors name the file and never repeat what is in it.
func ReadFile(path string, most int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the file
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file (%s): want one that can be read again", path, kindOf(info.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the file
	}
	defer f.Close() //nolint:errcheck // it is only read
	var src bytes.Buffer
	if _, err := src.ReadFrom(io.LimitReader(f, int64(most)+1)); err != nil {
		return nil, err //nolint:wrapcheck // it names the file
	}
	if src.Len() > most {
		return nil, fmt.Errorf("%s has more than %d bytes", path, most)
	}
	return src.Bytes(), nil
}

func kindOf(mode os.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&os.ModeNamedPipe != 0:
		return "a pipe"
	case mode&os.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}
