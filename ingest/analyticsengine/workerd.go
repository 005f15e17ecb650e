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
	"edgescope/internal/jsonwire"
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
func (rc *Receiver) Workerd(
	ctx context.Context, tenant edge.Tenant, b *body.Body, allow func(dataset string) error,
) (*Taken, error) {
	t := rc.begin(tenant, b, edge.SourceWorkerd)
	t.Total = 1
	dataset, err := t.point.readWorkerd(b.Bytes())
	switch {
	case err != nil:
		t.Batch.RejectError(0, err)
	case !edge.ValidDataset(dataset):
		t.Batch.Reject(0, fmt.Sprintf("the dataset is the name of the service in workerd's config: %q does not match "+
			"%s", dataset, edge.DatasetPattern))
	default:
		t.dataset, t.layout = dataset, rc.layout(dataset)
		if t.err = allow(dataset); t.err == nil {
			t.add(0)
		}
	}
	return rc.finish(ctx, t)
}

// readWorkerd reads the Cap'n Proto struct of a data point in JSON: texts are arrays of bytes, absent columns are left
// out.
func (p *point) readWorkerd(body []byte) (dataset string, err error) {
	p.reset(body)
	var c workerdColumns
	for o := p.doc.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		switch key {
		case "dataset":
			dataset, err = p.bytes()
		case "index1":
			var index string
			index, err = p.bytes()
			p.indexes = append(p.indexes[:0], index)
		case "timestamp":
			p.time, p.timed = wallTime(read(&p.doc).text)
		default:
			err = c.read(p, key)
		}
		if err != nil {
			return dataset, err
		}
	}
	p.blobs = append(p.blobs, c.blobs[:c.nBlobs]...)
	p.doubles = append(p.doubles, c.doubles[:c.nDoubles]...)
	p.doc.End()
	return dataset, p.doc.Err
}

// workerdColumns are the columns of a data point, each of which is a member of its own.
type workerdColumns struct {
	blobs, doubles   [maxColumns]string
	nBlobs, nDoubles int
}

// read reads the value of a member that may be a column.
func (c *workerdColumns) read(p *point, key string) (err error) {
	if n, ok := columnNumber(key, "double"); ok {
		c.doubles[n], c.nDoubles = double(read(&p.doc)), max(c.nDoubles, n+1)
	} else if n, ok := columnNumber(key, "blob"); ok {
		c.blobs[n], err = p.bytes()
		c.nBlobs = max(c.nBlobs, n+1)
	} else {
		p.doc.Skip()
	}
	return err
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

// bytes reads an array of bytes as text; null is an empty one.
func (p *point) bytes() (string, error) {
	switch p.doc.Peek() {
	case jsonwire.Array, jsonwire.Null:
	default:
		return "", errors.New("want an array of bytes")
	}
	from := len(p.text.Buf)
	for list := p.doc.Array(); list.Next(); {
		_, number := p.doc.Scalar()
		c, err := strconv.ParseUint(number, 10, 8)
		if err != nil && p.doc.Err == nil {
			return "", fmt.Errorf("%s is no byte", number)
		}
		p.text.Buf = append(p.text.Buf, byte(c))
	}
	return blob(p.text.Since(from)), nil
}

// wallTime reads workerd's nanoseconds, which went through a float64: only the milliseconds are true.
func wallTime(s string) (nanos int64, ok bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, false
	}
	return time.Unix(0, n).Round(time.Millisecond).UnixNano(), true
}
