package wasmkernel

// Size is one of the image sizes that the benchmark names, with the hashes that every engine must reach.
type Size struct {
	// Name is what a request calls it.
	Name string
	// W and H are in pixels.
	W, H int
	// Input, Blurred and Halved are the hashes of the test image, of its blur, and of that blur's halving.
	Input, Blurred, Halved string
}

// Sizes returns the named sizes, smallest first. tiny is for tests; the edge function knows the other three.
func Sizes() []Size {
	return []Size{
		{Name: "tiny", W: 24, H: 24, Input: "43558b3b", Blurred: "c8b1be09", Halved: "42eea6ee"},
		{Name: "small", W: 800, H: 600, Input: "0acd8797", Blurred: "8f23a8d2", Halved: "3fb5124e"},
		{Name: "medium", W: 1920, H: 1080, Input: "0b818c0f", Blurred: "460af6e3", Halved: "a21298f8"},
		{Name: "large", W: 4096, H: 2160, Input: "bbea510d", Blurred: "547a97a9", Halved: "29a46589"},
	}
}
