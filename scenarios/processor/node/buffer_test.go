package node_test

import "testing"

func TestBufferIsNodes(t *testing.T) {
	agree(t, `
return Buffer.from('héllo€😀').toString('hex')

return Buffer.from('héllo€😀').toString('base64') + Buffer.from('héllo€😀').toString('base64url')

return Buffer.from('aGk', 'base64') + Buffer.from('aGk=', 'base64') + Buffer.from('a-_G k\n=x',
  'base64').toString('hex')

return Buffer.from('zz', 'hex').length + Buffer.from('abc', 'hex').toString('hex') + Buffer.from('12zz34',
  'hex').toString('hex')

return Buffer.from('ÿ€',
  'latin1').toString('hex') + Buffer.from([0xff, 0x80]).toString('latin1') + Buffer.from([0xff, 0x41]).toString('ascii')

return Buffer.from('a€', 'utf16le').toString('hex') + Buffer.from('a€', 'ucs2').toString('utf16le')

return Buffer.from([0xe2, 0x82, 0x41, 0xff, 0xf0, 0x9f, 0x98]).toString()

return JSON.stringify(Buffer.from([0xed, 0xa0, 0x80, 0xc0, 0x80, 0xf5]).toString())

return JSON.stringify([Buffer.from('ab'), Buffer.from([1, 256, -1, 2.7])])

return Buffer.concat([Buffer.from('a'), new Uint8Array([98]), Buffer.alloc(1)]).toString('hex') + Buffer.concat([Buffer.from('abc')],
  2) + Buffer.concat([Buffer.from('a')], 3).toString('hex')

return Buffer.alloc(5, 'ab') + '|' + Buffer.alloc(3, 1).toString('hex') + Buffer.alloc(2).toString('hex')

return [Buffer.byteLength('é€'), Buffer.byteLength('abcd', 'base64'), Buffer.byteLength(new ArrayBuffer(3)),
  Buffer.isEncoding('UTF-8'), Buffer.isEncoding('x'), Buffer.isBuffer(new Uint8Array(1)),
  Buffer.isBuffer(Buffer.alloc(0))].join()

const b = Buffer.from('hello world');
return [b.slice(0, 5), b.slice(-5), b.subarray(3, 5), b.slice(3, 2).length, b.slice(99).length,
  b.toString('utf8', 2, 4), b.slice(1, 3) instanceof Buffer].join()

const b = Buffer.from('abcabc');
return [b.indexOf('c'), b.indexOf('c', 3), b.lastIndexOf('b'), b.lastIndexOf('b', 3), b.indexOf(98),
  b.indexOf('x'), b.includes('ca'), b.indexOf(Buffer.from('bc'), -3), b.indexOf(''),
  b.indexOf('a', -99)].join()

const b = Buffer.alloc(8);
b.writeUInt32BE(0xdeadbeef, 0);
b.writeInt16LE(-2, 4);
b.writeUint8(7, 6);
return [b.toString('hex'), b.readInt32BE(0), b.readUInt16LE(4), b.readInt8(0), b.readUInt8(6)].join()

const b = Buffer.alloc(16);
b.writeDoubleBE(1.5);
b.writeFloatLE(-2.25, 8);
return [b.toString('hex'), b.readDoubleBE(), b.readFloatLE(8)].join()

const b = Buffer.alloc(16);
b.writeBigUInt64LE(123456789012345678n);
b.writeBigInt64BE(-5n, 8);
return [b.toString('hex'), b.readBigUInt64LE(), b.readBigInt64BE(8)].join()

const b = Buffer.alloc(6);
b.writeUIntBE(0x123456789abc, 0, 6);
return [b.toString('hex'), b.readUIntLE(0, 6), b.readIntBE(0, 6), b.readIntLE(1, 3), b.readUIntBE(0, 3)].join()

const b = Buffer.alloc(6);
b.writeIntLE(-3, 0, 3);
b.writeIntBE(-3, 3, 3);
return b.toString('hex') + b.readIntLE(0, 3)

return Buffer.alloc(2).readInt32LE(0)

return Buffer.alloc(4).readInt32LE(2)

return Buffer.alloc(4).writeUInt8(256)

return Buffer.alloc(1).writeInt8(-129)

return Buffer.from(5)

return Buffer.from(null)

return Buffer.from()

return Buffer.from({})

return Buffer.alloc('5')

return Buffer.from('x', 'nope')

return new Buffer('old') + Buffer('call') + new Buffer(2).length

return Buffer.from(new String('boxed')) + Buffer.from({type: 'Buffer', data: [104, 105]}) + Buffer.from({[Symbol.toPrimitive]: () => 'prim'}) + Buffer.from({length: 2, 0: 65, 1: 66})

const a = new ArrayBuffer(4);
const b = Buffer.from(a, 1, 2);
b[0] = 9;
return new Uint8Array(a).join() + b.length

const b = Buffer.alloc(5);
return [b.write('héé'), b.write('xyz', 3), b.write('ab', 1, 1), b.write('ff', 0, 'hex'),
  b.toString('hex')].join()

const a = Buffer.from('abc'), b = Buffer.alloc(5, '-');
return [a.copy(b, 1), b, a.copy(b, 4), b, a.copy(b, 0, 2), b].join()

return [Buffer.compare(Buffer.from('a'), Buffer.from('b')), Buffer.from('abc').compare(Buffer.from('ab')),
  Buffer.from('a').equals(Buffer.from('a')), Buffer.from('a').equals(new Uint8Array([98])),
  Buffer.from('xabc').compare(Buffer.from('abc'), 0, 3, 1)].join()

return [Buffer.from('abc').fill('xy'), Buffer.alloc(4).fill('é'), Buffer.alloc(4, '-').fill('x', 1, 3),
  Buffer.alloc(2).fill(0x41)].join()

return [Buffer.from([1, 2, 3, 4]).swap16().toString('hex'),
  Buffer.from([1, 2, 3, 4]).swap32().toString('hex')].join()

return Buffer.from([1, 2, 3]).swap16()

return [...Buffer.from('ab').entries()].join('|') + Buffer.from('abc').map((x) => x + 1) + Buffer.from('abc').filter((x) => x > 97).constructor.name

return Buffer.from('abc').reverse() + Array.from(Buffer.from('ab')).join() + Buffer.of(1, 2).toString('hex')

return Object.prototype.toString.call(Buffer.alloc(1)) + (Buffer.alloc(1) instanceof Uint8Array) + Buffer.alloc(1).constructor.name + Buffer.name

return btoa('hi\xff') + atob('aGk=') + atob(' a G k ')

return btoa('€')

return atob('a')

const {StringDecoder} = require('string_decoder');
const d = new StringDecoder('utf8');
return JSON.stringify([d.write(Buffer.from([0xe2, 0x82])), d.write(Buffer.from([0xac])), d.end(), d.write(Buffer.from([0xf0])), d.end()])

const {StringDecoder} = require('string_decoder');
const d = new StringDecoder('base64');
return [d.write(Buffer.from('ab')), d.write(Buffer.from('cd')), d.end()].join()

return new TextEncoder().encode('é').join() + new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff])) + new TextDecoder('utf-16le').decode(new Uint8Array([97, 0]))

return new TextDecoder('utf-8', {fatal: true}).decode(new Uint8Array([0xff]))

return new TextDecoder('nope')

const b = new Blob(['ab', Buffer.from('cd')], {type: 'X'});
return [b.size, b.type, await b.text(), (await b.slice(1, 3).arrayBuffer()).byteLength].join()
`)
}
