// Buffer, StringDecoder, Blob in small, atob and btoa. A Buffer is a Uint8Array whose constructor may be called.
const received = require('received');

class Bytes extends Uint8Array {}

const fail = (Kind, code, message) => { throw Object.assign(new Kind(message), { code }); };
const isBytes = (value) => value instanceof Uint8Array;
const viewOf = (value) => (ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value));
const isBuffer = (value) => value instanceof Bytes;
const MAX = 2 ** 30;

function Buffer(value, encoding, length) {
  return typeof value === 'number' ? Buffer.alloc(value) : Buffer.from(value, encoding, length);
}
Object.setPrototypeOf(Buffer, Uint8Array);
Buffer.prototype = Bytes.prototype;
Object.defineProperty(Bytes.prototype, 'constructor', { value: Buffer, writable: true, configurable: true });

const sized = (n) => {
  if (typeof n !== 'number') fail(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "size" argument must be of type number. ' + received(n));
  if (!(n >= 0 && n <= MAX)) fail(RangeError, 'ERR_OUT_OF_RANGE', `The value of "size" is out of range. It must be >= 0 && <= ${MAX}. Received ${n}`);
  return new Bytes(n);
};
const encode = (text, encoding) => new Bytes(native.encode(text, encoding === undefined || encoding === null ? 'utf8' : String(encoding)));

// textBytes are the bytes of a text or of what holds bytes, for methods that take either.
const textBytes = (value, encoding) => {
  if (typeof value === 'string') return encode(value, encoding);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return viewOf(value);
  return fail(TypeError, 'ERR_INVALID_ARG_TYPE', 'The argument must be of type string or an instance of Buffer, TypedArray, or DataView. ' + received(value));
};

Object.assign(Buffer, {
  poolSize: 8192,
  from: function from(value, encoding, length) {
    if (typeof value === 'string') return encode(value, encoding);
    if (value instanceof ArrayBuffer) return new Bytes(value, encoding === undefined ? 0 : encoding, length);
    if (value !== null && (typeof value === 'object' || typeof value === 'function')) {
      if (ArrayBuffer.isView(value) || Array.isArray(value)) return Bytes.from(value, (x) => x & 255);
      if (value.type === 'Buffer' && Array.isArray(value.data)) return Bytes.from(value.data);
      if (value[Symbol.toPrimitive]) return Buffer.from(value[Symbol.toPrimitive]('string'), encoding);
      const plain = value.valueOf && value.valueOf();
      if (plain !== value && plain !== undefined && plain !== null) return Buffer.from(plain, encoding, length);
      if (typeof value.length === 'number') return Bytes.from(Array.from(value), (x) => x & 255);
    }
    return fail(TypeError, 'ERR_INVALID_ARG_TYPE', 'The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object. ' + received(value));
  },
  alloc: function alloc(n, fill, encoding) {
    const b = sized(n);
    return fill === undefined || fill === 0 || n === 0 ? b : b.fill(fill, encoding);
  },
  allocUnsafe: function allocUnsafe(n) { return sized(n); },
  allocUnsafeSlow: function allocUnsafeSlow(n) { return sized(n); },
  concat(list, total) {
    if (!Array.isArray(list)) fail(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "list" argument must be an instance of Array.');
    const all = sized(total === undefined ? list.reduce((n, b) => n + b.length, 0) : total);
    let at = 0;
    for (const b of list) {
      if (!isBytes(b)) fail(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "list" argument must hold instances of Buffer or Uint8Array.');
      if (at >= all.length) break;
      all.set(b.subarray(0, all.length - at), at);
      at += b.length;
    }
    return all;
  },
  byteLength: (value, encoding) => (typeof value === 'string' ? native.encode(value, encoding || 'utf8').byteLength : textBytes(value).length),
  isBuffer,
  isEncoding: (name) => typeof name === 'string' && name !== '' && native.isEncoding(name),
  compare: (a, b) => {
    const n = Math.min(a.length, b.length);
    for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
  },
  copyBytesFrom: (view) => Bytes.from(viewOf(view)),
});
Buffer.of = (...items) => Bytes.from(items);

const bound = (value, otherwise, length) => {
  if (value === undefined) return otherwise;
  const n = Math.trunc(Number(value)) || 0;
  return Math.max(0, Math.min(n, length));
};
const relative = (value, otherwise, length) => {
  if (value === undefined) return otherwise;
  const n = Math.trunc(Number(value)) || 0;
  return n < 0 ? Math.max(0, length + n) : Math.min(n, length);
};

// find looks for bytes from one end.
const find = (b, value, from, encoding, last) => {
  if (typeof from === 'string') { encoding = from; from = undefined; }
  const needle = typeof value === 'number' ? Uint8Array.of(value & 255) : textBytes(value, encoding);
  const top = b.length - needle.length;
  let at = from === undefined || Number.isNaN(Number(from)) ? (last ? top : 0) : Math.trunc(Number(from));
  if (at < 0) at += b.length;
  if (last && at < 0) return -1;
  at = Math.max(0, at);
  if (last) at = Math.min(at, top);
  for (; last ? at >= 0 : at <= top; at += last ? -1 : 1) {
    let i = 0;
    while (i < needle.length && b[at + i] === needle[i]) i++;
    if (i === needle.length) return at;
  }
  return -1;
};

const swap = (b, n) => {
  if (b.length % n !== 0) fail(RangeError, 'ERR_INVALID_BUFFER_SIZE', `Buffer size must be a multiple of ${n * 8}-bits`);
  for (let i = 0; i < b.length; i += n) b.subarray(i, i + n).reverse();
  return b;
};

const methods = {
  toString(encoding, start, end) {
    const from = bound(start, 0, this.length), to = bound(end, this.length, this.length);
    return from >= to ? '' : native.decode(viewOf(this.subarray(from, to)), encoding === undefined || encoding === null ? 'utf8' : String(encoding));
  },
  toLocaleString(encoding, start, end) { return this.toString(encoding, start, end); },
  toJSON() { return { type: 'Buffer', data: Array.from(this) }; },
  inspect() { return this[Symbol.for('nodejs.util.inspect.custom')](); },
  [Symbol.for('nodejs.util.inspect.custom')]() {
    const shown = Array.from(this.subarray(0, 50), (x) => ' ' + x.toString(16).padStart(2, '0')).join('');
    return `<Buffer${shown}${this.length > 50 ? ` ... ${this.length - 50} more byte${this.length > 51 ? 's' : ''}` : ''}>`;
  },
  write(text, offset, length, encoding) {
    if (typeof offset === 'string') { encoding = offset; offset = undefined; length = undefined; }
    if (typeof length === 'string') { encoding = length; length = undefined; }
    const at = offset === undefined ? 0 : offset;
    let bytes = encode(text, encoding).subarray(0, Math.min(length === undefined ? Infinity : length, this.length - at));
    bytes = bytes.subarray(0, native.whole(viewOf(bytes), /^(utf-?8|ucs-?2|utf-?16le)$/i.test(encoding || 'utf8') ? encoding || 'utf8' : 'latin1'));
    this.set(bytes, at);
    return bytes.length;
  },
  equals(other) {
    if (!isBytes(other)) fail(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "otherBuffer" argument must be an instance of Buffer or Uint8Array.');
    return Buffer.compare(this, other) === 0;
  },
  compare(other, start, end, from, to) {
    return Buffer.compare(this.subarray(bound(from, 0, this.length), bound(to, this.length, this.length)), other.subarray(bound(start, 0, other.length), bound(end, other.length, other.length)));
  },
  copy(target, at = 0, start = 0, end = this.length) {
    const part = this.subarray(start, Math.min(end, this.length, start + Math.max(0, target.length - at)));
    target.set(part, at);
    return part.length;
  },
  slice(start, end) { return this.subarray(relative(start, 0, this.length), relative(end, this.length, this.length)); },
  indexOf(value, from, encoding) { return find(this, value, from, encoding, false); },
  lastIndexOf(value, from, encoding) { return find(this, value, from, encoding, true); },
  includes(value, from, encoding) { return find(this, value, from, encoding, false) >= 0; },
  fill(value, start, end, encoding) {
    if (typeof start === 'string') { encoding = start; start = undefined; } else if (typeof end === 'string') { encoding = end; end = undefined; }
    const from = bound(start, 0, this.length), to = bound(end, this.length, this.length);
    const pattern = typeof value === 'string' || isBytes(value) ? textBytes(value, encoding) : Uint8Array.of(Number(value) & 255);
    if (pattern.length === 0) { if (isBytes(value) || value !== '') fail(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'value' is invalid. Received ${String(value)}`); this.subarray(from, to).set(new Uint8Array(Math.max(0, to - from))); return this; }
    for (let i = from; i < to; i++) this[i] = pattern[(i - from) % pattern.length];
    return this;
  },
  swap16() { return swap(this, 2); },
  swap32() { return swap(this, 4); },
  swap64() { return swap(this, 8); },
};

const place = (b, at, n) => {
  const offset = at === undefined ? 0 : at;
  if (typeof offset !== 'number') fail(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "offset" argument must be of type number. ' + received(offset));
  if (!Number.isInteger(offset) || offset < 0 || offset + n > b.length) {
    if (b.length < n) fail(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds');
    fail(RangeError, 'ERR_OUT_OF_RANGE', `The value of "offset" is out of range. It must be >= 0 and <= ${b.length - n}. Received ${offset}`);
  }
  return offset;
};
const inRange = (value, low, high) => {
  if (value < low || value > high) fail(RangeError, 'ERR_OUT_OF_RANGE', `The value of "value" is out of range. It must be >= ${low} and <= ${high}. Received ${value}`);
};
const data = (b) => new DataView(b.buffer, b.byteOffset, b.byteLength);

// The numbers of fixed width: readInt16LE and the like.
for (const [kind, bits] of [['Int', 8], ['Int', 16], ['Int', 32], ['Uint', 8], ['Uint', 16], ['Uint', 32], ['Float', 32], ['Double', 64], ['BigInt', 64], ['BigUint', 64]]) {
  const view = kind === 'Double' ? 'Float64' : kind + bits;
  const stem = kind === 'Float' || kind === 'Double' ? kind : kind + bits;
  for (const end of bits === 8 ? [''] : ['LE', 'BE']) {
    const read = function (at) { return data(this)['get' + view](place(this, at, bits / 8), end === 'LE'); };
    const write = function (value, at) {
      const offset = place(this, at, bits / 8);
      if (kind === 'Int') inRange(value, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1);
      if (kind === 'Uint') inRange(value, 0, 2 ** bits - 1);
      if (kind === 'BigInt') inRange(value, -(2n ** 63n), 2n ** 63n - 1n);
      if (kind === 'BigUint') inRange(value, 0n, 2n ** 64n - 1n);
      data(this)['set' + view](offset, value, end === 'LE');
      return offset + bits / 8;
    };
    for (const name of new Set([stem, stem.replace('Uint', 'UInt')])) {
      methods['read' + name + end] = read;
      methods['write' + name + end] = write;
    }
  }
}

// Those of one to six bytes.
for (const signed of [true, false]) {
  for (const end of ['LE', 'BE']) {
    const order = (n) => Array.from({ length: n }, (_, i) => (end === 'LE' ? n - 1 - i : i));
    const read = function (at, n) {
      const offset = place(this, at, n);
      const value = order(n).reduce((sum, i) => sum * 256 + this[offset + i], 0);
      return signed && value >= 2 ** (8 * n - 1) ? value - 2 ** (8 * n) : value;
    };
    const write = function (value, at, n) {
      const offset = place(this, at, n);
      inRange(value, signed ? -(2 ** (8 * n - 1)) : 0, signed ? 2 ** (8 * n - 1) - 1 : 2 ** (8 * n) - 1);
      let rest = value < 0 ? value + 2 ** (8 * n) : value;
      for (const i of order(n).reverse()) { this[offset + i] = rest % 256; rest = Math.floor(rest / 256); }
      return offset + n;
    };
    for (const name of signed ? ['Int'] : ['UInt', 'Uint']) {
      methods['read' + name + end] = read;
      methods['write' + name + end] = write;
    }
  }
}

for (const name of Reflect.ownKeys(methods)) {
  Object.defineProperty(Bytes.prototype, name, { value: methods[name], writable: true, configurable: true });
}
Object.defineProperty(Bytes.prototype, 'parent', { get() { return this.buffer; }, configurable: true });

// StringDecoder makes text of chunks whose borders may cut characters.
class StringDecoder {
  constructor(encoding) {
    this.encoding = encoding === undefined ? 'utf8' : String(encoding);
    if (!native.isEncoding(this.encoding)) fail(TypeError, 'ERR_UNKNOWN_ENCODING', 'Unknown encoding: ' + encoding);
    this._rest = new Bytes(0);
  }
  write(chunk) {
    if (typeof chunk === 'string') return chunk;
    const all = Buffer.concat([this._rest, viewOf(chunk)]);
    const n = native.whole(viewOf(all), this.encoding);
    this._rest = Buffer.from(all.subarray(n));
    return all.toString(this.encoding, 0, n);
  }
  end(chunk) {
    const text = (chunk === undefined ? '' : this.write(chunk)) + this._rest.toString(this.encoding);
    this._rest = new Bytes(0);
    return text;
  }
}

class Blob {
  #bytes;
  constructor(parts = [], options = {}) {
    this.#bytes = Buffer.concat(Array.from(parts, (p) => (p instanceof Blob ? p.#bytes : textBytes(typeof p === 'object' ? p : String(p)))));
    this.type = options.type ? String(options.type).toLowerCase() : '';
  }
  get size() { return this.#bytes.length; }
  async arrayBuffer() { return viewOf(this.#bytes).slice().buffer; }
  async text() { return this.#bytes.toString(); }
  slice(start, end, type) { return new Blob([this.#bytes.slice(start, end)], { type }); }
}

const invalid = (message) => { throw Object.assign(new Error(message), { name: 'InvalidCharacterError', code: 5 }); };

Object.assign(exports, {
  Buffer,
  SlowBuffer: sized,
  Blob,
  kMaxLength: MAX,
  kStringMaxLength: 2 ** 29 - 24,
  constants: { MAX_LENGTH: MAX, MAX_STRING_LENGTH: 2 ** 29 - 24 },
  INSPECT_MAX_BYTES: 50,
  isUtf8: (bytes) => Buffer.compare(encode(native.decode(viewOf(bytes), 'utf8')), viewOf(bytes)) === 0,
  isAscii: (bytes) => viewOf(bytes).every((x) => x < 128),
  transcode: (bytes, from, to) => encode(native.decode(viewOf(bytes), from), to),
  btoa(text) {
    const all = String(text);
    if (/[^\0-\xff]/.test(all)) invalid('Invalid character');
    return encode(all, 'latin1').toString('base64');
  },
  atob(text) {
    const all = String(text).replace(/[\t\n\f\r ]/g, '');
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(all) || all.replace(/=+$/, '').length % 4 === 1) invalid('The string to be decoded is not correctly encoded.');
    return encode(all, 'base64').toString('latin1');
  },
  decoder: { StringDecoder },
  viewOf,
  textBytes,
});
