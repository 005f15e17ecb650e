package formats

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load"
)

// VegetaWriter writes every request of a run as a vegeta result (gob), the file that vegeta report, plot and encode
// read. It is for one goroutine.
type VegetaWriter struct {
	buffer *bufio.Writer
	encode vegeta.Encoder
	err    error
}

// NewVegetaWriter writes to w through a buffer of 1 MiB.
func NewVegetaWriter(w io.Writer) *VegetaWriter {
	buffer := bufio.NewWriterSize(w, 1<<20)
	return &VegetaWriter{buffer: buffer, encode: vegeta.NewEncoder(buffer)}
}

// Event writes requests and leaves out all else. After an error it writes nothing more; Close tells it.
func (v *VegetaWriter) Event(e load.Event) {
	if r, ok := e.(*load.Result); ok && v.err == nil {
		result := &r.Result
		if r.Kind != load.KindRequest && r.Failure == "" && r.Answered() {
			answered := r.Result
			answered.Code = http.StatusOK // vegeta takes 101 for a failure
			result = &answered
		}
		v.err = v.encode(result)
	}
}

// Close writes what is buffered. It does not close the writer below.
func (v *VegetaWriter) Close() error {
	if err := errors.Join(v.err, v.buffer.Flush()); err != nil {
		return fmt.Errorf("write vegeta results: %w", err)
	}
	return nil
}
