package door

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"edgescope/edge"
	"edgescope/ingest/analyticsengine"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp"
	"edgescope/internal/access"
)

// visit is a request over HTTP on its way.
type visit struct {
	w     http.ResponseWriter
	r     *http.Request
	grant *access.Grant
	// enc is how the answer is written.
	enc otlp.Encoding
	// foreign tells that the request is known to be none of OTLP, whose counters leave it out.
	foreign bool
}

// serve serves a request of the ingest port.
func (d *Door) serve(w http.ResponseWriter, r *http.Request) {
	v := visit{w: w, r: r}
	if d.o.Points != nil && strings.HasPrefix(r.URL.Path, pathPoints) {
		v.foreign = true
		if err := d.takePoints(r.Context(), &v); err != nil {
			d.refuse(&v, refuse(err))
		}
		return
	}
	v.enc, _ = encodingOfType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		d.refuse(&v, refusal{
			http: http.StatusMethodNotAllowed, code: codes.Unimplemented,
			msg: "method must be POST" + d.elsewhere(r, "; "), reason: "method",
		})
		return
	}
	if err := d.admit(r.Context(), &v); err != nil {
		d.refuse(&v, refuseSender(err))
		return
	}
	b, err := d.read(r.Context(), body.Of(r, v.grant.Tenant))
	if err != nil {
		f := refuse(err)
		f.msg += d.elsewhere(r, "; ")
		d.refuse(&v, f)
		return
	}
	defer b.Release()
	if err := d.dispatch(r.Context(), &v, b); err != nil {
		d.refuse(&v, refuse(err))
	}
}

// admit asks whose data a request brings.
func (d *Door) admit(ctx context.Context, v *visit) (err error) {
	v.grant, err = d.o.Admit(ctx, v.r.Header.Get("Authorization"))
	return err
}

// dispatch finds out what a body is and has it taken.
func (d *Door) dispatch(ctx context.Context, v *visit, b *body.Body) error {
	is, err := recognise(v.r, b.Bytes())
	v.enc = is.encoding
	if err != nil {
		return err
	}
	if is.kind == kindOTLP {
		return d.takeOTLP(ctx, v, is, b)
	}
	if is.kind == kindUnknown || is.empty {
		if where := d.elsewhere(v.r, ""); where != "" {
			return &refusalError{refusal{
				http: http.StatusNotFound, code: codes.Unimplemented, msg: where,
				reason: "elsewhere",
			}}
		}
	}
	v.foreign = true
	switch {
	case is.kind == kindPoint && d.o.Points != nil:
		return d.takePoint(ctx, v, b)
	case is.kind == kindDrain && d.o.Drains != nil:
		return d.takeDrain(ctx, v, b)
	case is.kind == kindTail && d.o.Tails != nil:
		return d.takeTail(ctx, v, b)
	}
	v.foreign = false
	if is.kind == kindUnknown || is.empty {
		return errUnknown
	}
	return &unsupportedError{is.kind}
}

func (d *Door) takeOTLP(ctx context.Context, v *visit, is recognised, b *body.Body) error {
	taken, err := d.o.OTLP.Take(ctx, otlp.Request{
		Tenant: v.grant.Tenant, Signal: is.signal, Encoding: is.encoding, Body: b.Bytes(), Hash: b.Hash,
		Share: &b.Share,
	})
	if err != nil {
		return err
	}
	defer taken.Release()
	d.o.Refusals.Batch(v.r, taken.Batch)
	d.count("http", "200")
	answerResult(v.w, is.encoding, taken.Result)
	return nil
}

const pathPoints = "/v1/datapoints/"

// takePoints takes one data point, an array of them, or one per line, whatever the content type says, and answers how
// many were accepted. With ?strict=1 it rejects what Analytics Engine would drop.
func (d *Door) takePoints(ctx context.Context, v *visit) error {
	if v.r.Method != http.MethodPost {
		v.w.Header().Set("Allow", http.MethodPost)
		return &refusalError{refusal{
			http: http.StatusMethodNotAllowed, code: codes.Unimplemented, msg: "want POST",
			reason: "method",
		}}
	}
	path := strings.TrimSuffix(v.r.URL.Path, "/")
	dataset := path[strings.LastIndexByte(path, '/')+1:]
	if !strings.HasSuffix(path, pathPoints+dataset) || !edge.ValidDataset(dataset) {
		return &refusalError{refusal{
			http: http.StatusBadRequest, code: codes.InvalidArgument, reason: "malformed",
			msg: fmt.Sprintf("want POST %s{dataset}, with a dataset that matches %s", pathPoints, edge.DatasetPattern),
		}}
	}
	err := d.admit(ctx, v)
	if err == nil {
		err = v.grant.Dataset(dataset)
	}
	if err != nil {
		return &refusalError{refuseSender(err)}
	}
	b, err := d.o.Bodies.Read(ctx, body.Of(v.r, v.grant.Tenant))
	if err != nil {
		return err
	}
	defer b.Release()
	if err := b.Work(ctx); err != nil {
		return err
	}
	taken, err := d.o.Points.Take(ctx, v.grant.Tenant, b, analyticsengine.Dataset{
		Name:   dataset,
		Strict: v.r.URL.Query().Get("strict") == "1",
	})
	if err != nil {
		return err
	}
	defer taken.Release()
	d.tell(v, &taken.Batch, taken.Total)
	return nil
}

// takePoint takes a data point of workerd's analyticsEngine binding, which names its dataset itself. workerd posts one
// point at a time to "/", without a content type, and ignores the answer unless it is no 2xx.
func (d *Door) takePoint(ctx context.Context, v *visit, b *body.Body) error {
	taken, err := d.o.Points.Workerd(ctx, v.grant.Tenant, b, v.grant.Dataset)
	if err != nil {
		return err
	}
	defer taken.Release()
	d.tell(v, &taken.Batch, taken.Total)
	return nil
}

// tell writes what became of data points, and remembers what was lost of them.
func (d *Door) tell(v *visit, b *edge.Batch, total int) {
	d.o.Refusals.Batch(v.r, b)
	answerRecords(v.w, b, total, 0)
}

// takeDrain takes lines of a log drain of Vercel.
func (d *Door) takeDrain(ctx context.Context, v *visit, b *body.Body) error {
	taken, err := d.o.Drains.Take(ctx, v.grant.Tenant, b)
	if err != nil {
		return err
	}
	d.o.Refusals.Batch(v.r, &taken.Batch)
	answerAll(v.w, &taken.Batch, taken.Total, 0)
	return nil
}

// takeTail takes tail events, or a file of Logpush.
func (d *Door) takeTail(ctx context.Context, v *visit, b *body.Body) error {
	taken, err := d.o.Tails.Take(ctx, v.grant.Tenant, b)
	if err != nil {
		return err
	}
	d.o.Refusals.Batch(v.r, &taken.Batch)
	answerAll(v.w, &taken.Batch, taken.Total, taken.Waiting)
	return nil
}

// refuse writes a refusal to its sender, and counts and remembers it.
func (d *Door) refuse(v *visit, f refusal) {
	f.log(d.o.Logger, "http")
	d.o.Refusals.Request(v.r, f.reason, f.msg)
	if !v.foreign {
		d.count("http", strconv.Itoa(f.http))
	}
	answerRefusal(v.w, v.enc, f)
}

// Refuse answers a request that does not come to a receiver, such as one at the wrong port, as its sender reads it: a
// call of gRPC by its status, any other in the encoding of the request. It is counted and told as other refusals are.
func (d *Door) Refuse(w http.ResponseWriter, r *http.Request, status int, reason, msg string) {
	f := refusal{http: status, code: codeOf(status), msg: msg, reason: reason}
	if isCall(r) {
		beginAnswer(w)
		d.failCall(w, r, &refusalError{f})
		return
	}
	v := visit{w: w, r: r}
	v.enc, _ = encodingOfType(r.Header.Get("Content-Type"))
	d.refuse(&v, f)
}

// codeOf returns the code of google.rpc that stands for a status of HTTP.
func codeOf(status int) codes.Code {
	switch status {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusForbidden, http.StatusMisdirectedRequest:
		return codes.PermissionDenied
	case http.StatusInternalServerError:
		return codes.Internal
	}
	return codes.Unimplemented
}

// elsewhere returns where a request should have gone, after sep; "" when nobody knows.
func (d *Door) elsewhere(r *http.Request, sep string) string {
	if where := d.o.Elsewhere(r); where != "" {
		return sep + where
	}
	return ""
}
