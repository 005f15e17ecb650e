package wasmkernel

// blurWeights are those of the pixels at distance 0 to 5: a Gaussian of sigma 5/3. Both sides together add up to 1 <<
// shift.
var blurWeights = [6]int32{3926, 3278, 1910, 777, 220, 44}

// Taps is how many input pixels make one output pixel of Half, in each direction.
const Taps = 12

// The halving's weights (Lanczos with three lobes). The first and last three outputs reach over the edge: their weights
// beyond it are given to the pixels inside. These are literals since computed ones depend on the last bit of a sine.
var (
	halfFirst = [3][Taps]int16{
		{7728, 7728, 2346, -1154, -589, 261, 64},
		{-1075, 2187, 7202, 7204, 2187, -1075, -549, 243, 60},
		{248, -559, -1096, 2228, 7340, 7341, 2228, -1096, -559, 248, 61},
	}
	halfInner = [Taps]int16{60, 247, -557, -1092, 2220, 7314, 7314, 2220, -1092, -557, 247, 60}
	halfLast  = [3][Taps]int16{
		{0, 61, 248, -559, -1096, 2228, 7340, 7341, 2228, -1096, -559, 248},
		{0, 0, 0, 60, 243, -549, -1075, 2187, 7202, 7204, 2187, -1075},
		{0, 0, 0, 0, 0, 64, 261, -589, -1154, 2346, 7728, 7728},
	}
)

// BlurTable returns the six blur weights, for distance 0 to 5, as the engines read them.
func BlurTable() []int16 {
	table := make([]int16, len(blurWeights))
	for i, w := range blurWeights {
		table[i] = int16(w)
	}
	return table
}

// HalfTable returns how a line of n pixels becomes n/2, n even and at least MinSide: output o is the sum of Taps inputs
// from starts[o] on, times weights[o*Taps:(o+1)*Taps].
func HalfTable(n int) (starts []int32, weights []int16) {
	out := n / 2
	starts = make([]int32, out)
	weights = make([]int16, 0, out*Taps)
	for o := range out {
		starts[o] = int32(min(max(2*o-5, 0), n-Taps))
		row := halfInner
		switch {
		case o < 3:
			row = halfFirst[o]
		case o >= out-3:
			row = halfLast[o-(out-3)]
		}
		weights = append(weights, row[:]...)
	}
	return starts, weights
}

// Blur returns the image blurred with a radius of 5 pixels, first along the rows and then along the columns, rounded to
// bytes between the two. Beyond the edge the pixel of the edge counts.
func (m Image) Blur() Image {
	return m.blurPass(1, 0).blurPass(0, 1)
}

// blurPass blurs in the direction (dx, dy).
func (m Image) blurPass(dx, dy int) Image {
	out := New(m.W, m.H)
	for y := range m.H {
		for x := range m.W {
			for c := range 4 {
				acc := int32(half)
				for d := -5; d <= 5; d++ {
					acc += blurWeights[max(d, -d)] * m.at(x+d*dx, y+d*dy, c)
				}
				out.Pix[(y*m.W+x)*4+c] = clamp(acc >> shift)
			}
		}
	}
	return out
}

// Half returns the image at half its width and half its height, first along the rows and then along the columns,
// rounded and clamped to bytes between the two.
func (m Image) Half() Image {
	return m.halfRows().halfColumns()
}

func (m Image) halfRows() Image {
	starts, weights := HalfTable(m.W)
	out := New(m.W/2, m.H)
	for y := range out.H {
		for x := range out.W {
			for c := range 4 {
				acc := int32(half)
				for t := range Taps {
					acc += int32(weights[x*Taps+t]) * m.at(int(starts[x])+t, y, c)
				}
				out.Pix[(y*out.W+x)*4+c] = clamp(acc >> shift)
			}
		}
	}
	return out
}

func (m Image) halfColumns() Image {
	starts, weights := HalfTable(m.H)
	out := New(m.W, m.H/2)
	for y := range out.H {
		for x := range out.W {
			for c := range 4 {
				acc := int32(half)
				for t := range Taps {
					acc += int32(weights[y*Taps+t]) * m.at(x, int(starts[y])+t, c)
				}
				out.Pix[(y*out.W+x)*4+c] = clamp(acc >> shift)
			}
		}
	}
	return out
}

// at returns one channel of the pixel nearest to (x, y) inside the image.
func (m Image) at(x, y, c int) int32 {
	x = min(max(x, 0), m.W-1)
	y = min(max(y, 0), m.H-1)
	return int32(m.Pix[(y*m.W+x)*4+c])
}

func clamp(v int32) byte {
	return byte(min(max(v, 0), 255))
}
