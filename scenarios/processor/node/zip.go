package node

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/grafana/sobek"
)

// maxUnpacked bounds what a text may unpack to.
const maxUnpacked = 64 << 20

func (r *realm) zipNatives() map[string]any {
	return map[string]any{
		"pack": func(b []byte, format string, level int) (sobek.ArrayBuffer, error) {
			packed, err := pack(b, format, level)
			return r.rt.NewArrayBuffer(packed), err
		},
		"unpack": func(b []byte, format string) (sobek.ArrayBuffer, error) {
			text, err := unpack(b, format)
			return r.rt.NewArrayBuffer(text), err
		},
	}
}

func pack(b []byte, format string, level int) ([]byte, error) {
	if level < -1 || level > 9 {
		level = -1
	}
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch format {
	case "gzip":
		w, err = gzip.NewWriterLevel(&out, level)
	case "deflate":
		w, err = zlib.NewWriterLevel(&out, level)
	case "raw":
		w, err = flate.NewWriter(&out, level)
	default:
		w = brotli.NewWriter(&out)
	}
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if _, err = w.Write(b); err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}

func unpack(b []byte, format string) ([]byte, error) {
	var in io.Reader
	var err error
	switch {
	case format == "br":
		in = brotli.NewReader(bytes.NewReader(b))
	case format == "raw":
		in = flate.NewReader(bytes.NewReader(b))
	case format == "gzip", format == "auto" && bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		in, err = gzip.NewReader(bytes.NewReader(b))
	default:
		in, err = zlib.NewReader(bytes.NewReader(b))
	}
	if err != nil {
		return nil, &fault{code: "Z_DATA_ERROR", message: "incorrect header check"}
	}
	text, err := io.ReadAll(io.LimitReader(in, maxUnpacked+1))
	switch {
	case err == io.ErrUnexpectedEOF: //nolint:errorlint // the readers return it bare
		return nil, &fault{code: "Z_BUF_ERROR", message: "unexpected end of file"}
	case err != nil:
		return nil, &fault{code: "Z_DATA_ERROR", message: "invalid data: " + err.Error()}
	case len(text) > maxUnpacked:
		return nil, &fault{
			class: "RangeError", code: "ERR_BUFFER_TOO_LARGE",
			message: fmt.Sprintf("Cannot create a Buffer larger than %d bytes", maxUnpacked),
		}
	}
	return text, nil
}
