package workers

import "bytes"

// bytesPerValue is more than any value of a body needs beside its text: an event of ours is 700 bytes and is made of at
// least four values.
const bytesPerValue = 256

// memoryOf returns how many bytes it takes to work on a body, about: its text three times over, as sent, split and
// decoded, and its values, of which there are at most one more than commas.
func memoryOf(body []byte) int64 {
	return 3*int64(len(body)) + bytesPerValue*int64(1+bytes.Count(body, []byte{','}))
}
