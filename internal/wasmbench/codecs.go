package wasmbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"edgescope/edge"
	"edgescope/internal/workerd"
)

const (
	codecWarmUp = 3
	codecOps    = 7
	// maxDifference is how far a decoded test image may be from its source, in levels of 256, as a mean over channels:
	// at quality 80 its noise makes it 7. A codec that does something else is off by tens.
	maxDifference = 12
)

// codecAnswer is what the worker says of a stage.
type codecAnswer struct {
	Bytes      int64   `json:"bytes"`
	Difference float64 `json:"difference"`
}

// codecs measures the JPEG stages in one worker of their own, one after the other: they are no part of any ratio.
func (o *Options) codecs(ctx context.Context) (found []edge.BenchCodec, err error) {
	start, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	w, err := workerd.Start(start, workerd.Options{Dir: o.Dir, Config: "codecs.capnp", Region: "LAB"})
	if err != nil {
		return nil, &StartError{Engine: "codecs", Runtime: o.Runtime, Err: err}
	}
	p := &process{url: w.URL(), pid: w.PID(), stop: w.Stop, label: "codecs", http: newClient()}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	for _, size := range o.Sizes {
		for _, stage := range []string{"decode", "encode"} {
			for _, codec := range []string{"jpeg-js", "jsquash"} {
				o.say("codec %s, %s %s", codec, stage, size)
				c, err := p.codec(ctx, edge.BenchCodec{Size: size, Stage: stage, Codec: codec})
				if err != nil {
					return nil, err
				}
				found = append(found, c)
			}
		}
	}
	return found, nil
}

// codec measures one stage, after it has shown that it works.
func (p *process) codec(ctx context.Context, c edge.BenchCodec) (edge.BenchCodec, error) {
	path := fmt.Sprintf("/codec?codec=%s&stage=%s&size=%s", c.Codec, c.Stage, c.Size)
	a, err := p.get(ctx, path+"&check=1")
	if err != nil {
		return c, err
	}
	var checked codecAnswer
	if err := json.Unmarshal(a.body, &checked); err != nil {
		return c, fmt.Errorf("read the answer of codec %s: %w", c.Codec, err)
	}
	if !(checked.Difference <= maxDifference) {
		return c, fmt.Errorf("codec %s, %s %s: the image is %.1f levels from its source, want at most %d", c.Codec,
			c.Stage, c.Size, checked.Difference, maxDifference)
	}
	c.Bytes = checked.Bytes
	var wall, cpu []float64
	for i := range codecWarmUp + codecOps {
		before, err := p.usage()
		if err != nil {
			return c, err
		}
		a, err := p.get(ctx, path)
		if err != nil {
			return c, err
		}
		after, err := p.usage()
		if err != nil {
			return c, err
		}
		if i >= codecWarmUp {
			wall, cpu = append(wall, ms(a.took)), append(cpu, ms(after.CPU-before.CPU))
		}
	}
	c.MS, c.CPUMS = median(wall), median(cpu)
	return c, nil
}

// writeCodecs appends the stages to the table.
func writeCodecs(b *strings.Builder, codecs []edge.BenchCodec) {
	if len(codecs) == 0 {
		return
	}
	_, _ = fmt.Fprintf(b, "\n%-7s %-8s %-10s %9s %9s %9s\n", "size", "JPEG", "codec", "wall ms", "cpu ms", "bytes")
	for _, c := range codecs {
		_, _ = fmt.Fprintf(b, "%-7s %-8s %-10s %9s %9s %9d\n", c.Size, c.Stage, c.Codec, figure(c.MS), figure(c.CPUMS),
			c.Bytes)
	}
	_, _ = io.WriteString(b, codecRemark+"\n")
}

const codecRemark = "JPEG stages are apart from the kernels, at quality 80: jpeg-js is JavaScript, jsquash MozJPEG " +
	"in WebAssembly. Both decode the " +
	"same file; the files that they write differ, as their bytes tell."
