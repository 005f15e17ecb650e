package analyticsengine

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
)

// errEnough ends a scan that has seen what it looked for.
var errEnough = errors.New("enough")

// LooksLikeWorkerd tells whether a body is what workerd's analyticsEngine binding posts: a JSON object with schemaVersion,
// and the dataset as an array of numbers.
func LooksLikeWorkerd(body []byte) bool {
	s := &scanner{text: textOf(body)}
	if s.next() != '{' {
		return false
	}
	version, dataset := false, false
	err := s.members(func(key string) error {
		v, err := s.value()
		switch {
		case err != nil:
			return err
		case key == "schemaVersion":
			version = true
		case key == "dataset":
			dataset = v.kind == jsonArray
		}
		if version && dataset {
			return errEnough
		}
		return nil
	})
	return errors.Is(err, errEnough)
}

// Workerd answers a request whose body, already read and decompressed, is a data point of workerd's analyticsEngine binding.
// It answers false and writes nothing if the body is something else. workerd posts one point at a time to "/", without a
// content type, and ignores the answer unless it is no 2xx.
func (rc *Receiver) Workerd(w http.ResponseWriter, r *http.Request, b *body.Body) bool {
	if !LooksLikeWorkerd(b.Bytes()) {
		return false
	}
	j := rc.job(edge.SourceWorkerd)
	defer rc.release(j)
	j.total, j.share = 1, &b.Share
	dataset, err := j.point.readWorkerd(textOf(b.Bytes()))
	switch {
	case err != nil:
		j.batch.RejectError(0, err)
	case !edge.ValidDataset(dataset):
		j.batch.Reject(0, fmt.Sprintf("the dataset is the name of the service in workerd's config: %q does not match %s", dataset, edge.DatasetPattern))
	default:
		j.dataset, j.layout = dataset, rc.layout(dataset)
		if j.batch.Tenant, err = rc.o.Admit(r, dataset); err != nil {
			j.err = sender(err)
		} else {
			j.add(0)
		}
	}
	rc.finish(w, r, j)
	return true
}

// readWorkerd reads the Cap'n Proto struct of a data point in JSON: texts are arrays of bytes, absent columns are left out.
func (p *point) readWorkerd(body string) (dataset string, err error) {
	p.reset()
	var blobs, doubles [maxColumns]string
	var nBlobs, nDoubles int
	s := &scanner{text: body}
	s.next()
	err = s.members(func(key string) error {
		v, err := s.value()
		if err != nil {
			return err
		}
		switch key {
		case "dataset":
			dataset, err = byteText(v)
			return err
		case "index1":
			index, err := byteText(v)
			p.indexes = append(p.indexes[:0], index)
			return err
		case "timestamp":
			p.time, p.timed = wallTime(v.text)
			return nil
		}
		if n, ok := columnNumber(key, "double"); ok {
			doubles[n], nDoubles = double(v), max(nDoubles, n+1)
		} else if n, ok := columnNumber(key, "blob"); ok {
			blobs[n], err = byteText(v)
			nBlobs = max(nBlobs, n+1)
		}
		return err
	})
	p.blobs = append(p.blobs, blobs[:nBlobs]...)
	p.doubles = append(p.doubles, doubles[:nDoubles]...)
	if err == nil && s.next() != 0 {
		err = s.want("the end")
	}
	return dataset, err
}

// columnNumber answers the number, from 0, in a key such as double1.
func columnNumber(key, prefix string) (int, bool) {
	digits, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n - 1, err == nil && n >= 1 && n <= maxColumns
}

// byteText reads an array of bytes as text.
func byteText(v value) (string, error) {
	if v.kind == jsonNull {
		return "", nil
	}
	if v.kind != jsonArray {
		return "", errors.New("want an array of bytes")
	}
	b := make([]byte, 0, len(v.text)/2)
	s := &scanner{text: v.text}
	s.next()
	err := s.elements(func(int) error {
		n, err := s.value()
		if err != nil {
			return err
		}
		c, err := strconv.ParseUint(n.text, 10, 8)
		if err != nil {
			return fmt.Errorf("%s is no byte", n.text)
		}
		b = append(b, byte(c))
		return nil
	})
	return blob(string(b)), err
}

// wallTime reads workerd's nanoseconds, which went through a float64: only the milliseconds are true.
func wallTime(s string) (nanos int64, ok bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, false
	}
	return time.Unix(0, n).Round(time.Millisecond).UnixNano(), true
}
