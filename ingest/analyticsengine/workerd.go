package analyticsengine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
)

// Marks are the keys of an object that tell that it is what workerd's analyticsEngine binding posts: a JSON object with
// schemaVersion, and the dataset as an array of numbers.
type Marks struct{ version, dataset bool }

// See looks at the next key of the object, whose value is an array or not, and returns whether that is told now.
func (m *Marks) See(key string, array bool) bool {
	switch key {
	case "schemaVersion":
		m.version = true
	case "dataset":
		m.dataset = array
	}
	return m.version && m.dataset
}

// Workerd takes a data point of workerd's analyticsEngine binding, which names its dataset itself: allow fails when the
// sender may not send to it. It fails as Take does, and with the error of allow.
func (rc *Receiver) Workerd(ctx context.Context, tenant edge.Tenant, b *body.Body, allow func(dataset string) error) (*Taken, error) {
	t := rc.begin(tenant, b, edge.SourceWorkerd)
	t.Total = 1
	dataset, err := t.point.readWorkerd(textOf(b.Bytes()))
	switch {
	case err != nil:
		t.Batch.RejectError(0, err)
	case !edge.ValidDataset(dataset):
		t.Batch.Reject(0, fmt.Sprintf("the dataset is the name of the service in workerd's config: %q does not match %s", dataset, edge.DatasetPattern))
	default:
		t.dataset, t.layout = dataset, rc.layout(dataset)
		if t.err = allow(dataset); t.err == nil {
			t.add(0)
		}
	}
	return rc.finish(ctx, t)
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

// columnNumber returns the number, from 0, in a key such as double1.
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
