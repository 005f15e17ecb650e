package parts

import "encoding/binary"

// cursor takes values off bytes. After one that is not whole, all are zero and bad is set.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.b, c.bad = nil, true
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) byte() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) uint16() uint16 {
	if b := c.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) uint32() uint32 {
	if b := c.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) uint64() uint64 {
	if b := c.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// int64 takes a number whose lowest bit is its sign.
func (c *cursor) int64() int64 {
	n := c.uint64()
	return int64(n>>1) ^ -int64(n&1)
}

// number takes a number of variable length.
func (c *cursor) number() uint64 {
	n, used := binary.Uvarint(c.b)
	if used <= 0 {
		c.b, c.bad = nil, true
		return 0
	}
	c.b = c.b[used:]
	return n
}

// text takes bytes with their length before them.
func (c *cursor) text() []byte { return c.take(c.number()) }

// done tells whether everything was there, and nothing more.
func (c *cursor) done() bool { return !c.bad && len(c.b) == 0 }
