package wasmkernel

import "bytes"

// Engine runs the kernels fast: the sums of Blur and Half, written as good Go is, with buffers and tables kept from
// call to call. It is what the benchmark calls go, and, compiled to WebAssembly, go-wasm. It is not safe for concurrent
// use; the zero value is ready.
type Engine struct {
	img, tmp, out    []byte
	w, h             int
	startsX, startsY []int32
	weightX, weightY []int16
}

// Run returns the pixels after both operations: the input, of w times h pixels, blurred and halved. The input is not
// changed; the answer belongs to the caller. The sides must meet Image.Check.
func (e *Engine) Run(input []byte, w, h int) []byte {
	copy(e.Input(w, h), input)
	return bytes.Clone(e.Process())
}

// Input returns the buffer that Process reads, of w*h*4 bytes. It belongs to the engine.
func (e *Engine) Input(w, h int) []byte {
	e.reserve(w, h)
	return e.img
}

// Process blurs and halves what is in the buffer of Input, and overwrites it. Its answer belongs to the engine and is
// valid until the next call.
func (e *Engine) Process() []byte {
	e.blur()
	e.halve()
	return e.out
}

func (e *Engine) reserve(w, h int) {
	if e.w == w && e.h == h {
		return
	}
	e.w, e.h = w, h
	e.img, e.tmp, e.out = make([]byte, w*h*4), make([]byte, w*h*4), make([]byte, w*h)
	e.startsX, e.weightX = HalfTable(w)
	e.startsY, e.weightY = HalfTable(h)
}

// blur blurs img in place, with tmp between the passes.
func (e *Engine) blur() {
	line := e.w * 4
	for y := range e.h {
		row := e.img[y*line : (y+1)*line]
		blurred := e.tmp[y*line : (y+1)*line]
		for x := range 5 {
			blurEdge(blurred, row, x, e.w)
			blurEdge(blurred, row, e.w-1-x, e.w)
		}
		var shifted [11][]byte
		for i := range shifted {
			shifted[i] = row[i*4:]
		}
		blurLines(blurred[20:line-20], &shifted)
	}
	for y := range e.h {
		var rows [11][]byte
		for i := range rows {
			at := min(max(y+i-5, 0), e.h-1) * line
			rows[i] = e.tmp[at : at+line]
		}
		blurLines(e.img[y*line:(y+1)*line], &rows)
	}
}

// blurEdge blurs one pixel of a row whose neighbours reach over the edge.
func blurEdge(dst, row []byte, x, w int) {
	for c := range 4 {
		acc := int32(half)
		for d := -5; d <= 5; d++ {
			acc += blurWeights[max(d, -d)] * int32(row[min(max(x+d, 0), w-1)*4+c])
		}
		dst[x*4+c] = byte(acc >> shift)
	}
}

// blurLines makes each byte the weighted sum of the bytes at its place in eleven lines. Cutting them to one length lets
// the compiler leave out their bounds checks.
func blurLines(dst []byte, lines *[11][]byte) {
	n := len(dst)
	a0, a1, a2, a3, a4, a5 := lines[0][:n], lines[1][:n], lines[2][:n], lines[3][:n], lines[4][:n], lines[5][:n]
	a6, a7, a8, a9, a10 := lines[6][:n], lines[7][:n], lines[8][:n], lines[9][:n], lines[10][:n]
	w0, w1, w2, w3, w4, w5 := blurWeights[0], blurWeights[1], blurWeights[2], blurWeights[3], blurWeights[4],
		blurWeights[5]
	for i := range dst {
		acc := half + w0*int32(a5[i]) +
			w1*(int32(a4[i])+int32(a6[i])) +
			w2*(int32(a3[i])+int32(a7[i])) +
			w3*(int32(a2[i])+int32(a8[i])) +
			w4*(int32(a1[i])+int32(a9[i])) +
			w5*(int32(a0[i])+int32(a10[i]))
		dst[i] = byte(acc >> shift)
	}
}

// halve halves img into out, with tmp between the passes.
func (e *Engine) halve() {
	line := e.w * 2 // bytes of half a row
	for y := range e.h {
		halveRow(e.tmp[y*line:(y+1)*line], e.img[y*e.w*4:(y+1)*e.w*4], e.startsX, e.weightX)
	}
	for y := range e.h / 2 {
		var lines [Taps][]byte
		for i := range lines {
			at := (int(e.startsY[y]) + i) * line
			lines[i] = e.tmp[at : at+line]
		}
		halveLines(e.out[y*line:(y+1)*line], &lines, (*[Taps]int16)(e.weightY[y*Taps:]))
	}
}

func halveRow(dst, src []byte, starts []int32, weights []int16) {
	for o, start := range starts {
		from := (*[Taps * 4]byte)(src[start*4:])
		k := (*[Taps]int16)(weights[o*Taps:])
		r, g, b, a := int32(half), int32(half), int32(half), int32(half)
		for t := range Taps {
			w := int32(k[t])
			r += w * int32(from[t*4])
			g += w * int32(from[t*4+1])
			b += w * int32(from[t*4+2])
			a += w * int32(from[t*4+3])
		}
		to := (*[4]byte)(dst[o*4:])
		to[0], to[1], to[2], to[3] = clamp(r>>shift), clamp(g>>shift), clamp(b>>shift), clamp(a>>shift)
	}
}

func halveLines(dst []byte, l *[Taps][]byte, k *[Taps]int16) {
	n := len(dst)
	a0, a1, a2, a3, a4, a5 := l[0][:n], l[1][:n], l[2][:n], l[3][:n], l[4][:n], l[5][:n]
	a6, a7, a8, a9, a10, a11 := l[6][:n], l[7][:n], l[8][:n], l[9][:n], l[10][:n], l[11][:n]
	var w [Taps]int32
	for i := range k {
		w[i] = int32(k[i])
	}
	for i := range dst {
		acc := half + w[0]*int32(a0[i]) + w[1]*int32(a1[i]) + w[2]*int32(a2[i]) + w[3]*int32(a3[i]) +
			w[4]*int32(a4[i]) + w[5]*int32(a5[i]) + w[6]*int32(a6[i]) + w[7]*int32(a7[i]) +
			w[8]*int32(a8[i]) + w[9]*int32(a9[i]) + w[10]*int32(a10[i]) + w[11]*int32(a11[i])
		dst[i] = clamp(acc >> shift)
	}
}
