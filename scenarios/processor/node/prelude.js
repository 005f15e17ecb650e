// What processors expect of node and browsers. native holds the Go functions that this is built on; the value of the whole
// is a function that defines the globals and answers the built-in modules.
(function (global, native) {
  'use strict';

  const bytesOf = (value, encoding) => {
    if (typeof value === 'string') return new Uint8Array(native.encode(value, encoding || 'utf8'));
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (Array.isArray(value)) return Uint8Array.from(value);
    throw new TypeError('expected text or bytes');
  };

  class Buffer extends Uint8Array {
    static from(value, encoding) {
      const bytes = bytesOf(value, encoding);
      return new Buffer(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    }
    static alloc(n) { return new Buffer(n); }
    static concat(list) {
      const all = new Buffer(list.reduce((n, b) => n + b.length, 0));
      let at = 0;
      for (const b of list) { all.set(b, at); at += b.length; }
      return all;
    }
    static byteLength(text, encoding) { return bytesOf(text, encoding).length; }
    static isBuffer(value) { return value instanceof Buffer; }
    toString(encoding) { return native.decode(bytesOf(this), encoding || 'utf8'); }
    toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
    equals(other) { return this.length === other.length && this.every((b, i) => b === other[i]); }
  }

  class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(text) { return bytesOf(text === undefined ? '' : String(text)); }
  }

  class TextDecoder {
    constructor(label) {
      this.encoding = String(label || 'utf-8').toLowerCase();
      if (this.encoding !== 'utf-8' && this.encoding !== 'utf8') throw new RangeError('TextDecoder knows utf-8 only');
    }
    decode(bytes) {
      const text = bytes === undefined ? '' : native.decode(bytesOf(bytes), 'utf8');
      return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    }
  }

  class URLSearchParams {
    constructor(init) {
      this._changed = null;
      if (init === undefined || init === null) this._pairs = [];
      else if (typeof init === 'string') this._pairs = native.splitQuery(init).map((p) => [p[0], p[1]]);
      else if (typeof init[Symbol.iterator] === 'function') this._pairs = Array.from(init, (p) => [String(p[0]), String(p[1])]);
      else this._pairs = Object.keys(init).map((k) => [k, String(init[k])]);
    }
    _done() { if (this._changed) this._changed(this.toString()); }
    append(name, value) { this._pairs.push([String(name), String(value)]); this._done(); }
    delete(name) { this._pairs = this._pairs.filter((p) => p[0] !== String(name)); this._done(); }
    get(name) { const p = this._pairs.find((q) => q[0] === String(name)); return p ? p[1] : null; }
    getAll(name) { return this._pairs.filter((p) => p[0] === String(name)).map((p) => p[1]); }
    has(name) { return this._pairs.some((p) => p[0] === String(name)); }
    set(name, value) {
      const at = this._pairs.findIndex((p) => p[0] === String(name));
      if (at < 0) return this.append(name, value);
      this._pairs = this._pairs.filter((p, i) => i <= at || p[0] !== String(name));
      this._pairs[at] = [String(name), String(value)];
      this._done();
    }
    sort() { this._pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)); this._done(); }
    forEach(f) { for (const p of this._pairs) f(p[1], p[0], this); }
    keys() { return this._pairs.map((p) => p[0])[Symbol.iterator](); }
    values() { return this._pairs.map((p) => p[1])[Symbol.iterator](); }
    entries() { return this._pairs.map((p) => [p[0], p[1]])[Symbol.iterator](); }
    [Symbol.iterator]() { return this.entries(); }
    get size() { return this._pairs.length; }
    toString() { return this._pairs.map((p) => native.joinQuery(p[0]) + '=' + native.joinQuery(p[1])).join('&'); }
  }

  class URL {
    constructor(text, base) {
      const parts = native.parseURL(String(text), base === undefined ? '' : String(base));
      for (const name of ['protocol', 'username', 'password', 'hostname', 'port', 'pathname', 'search', 'hash']) this[name] = parts[name];
      let params = null;
      Object.defineProperty(this, 'searchParams', {
        get: () => {
          if (!params || params._of !== this.search) {
            params = new URLSearchParams(this.search);
            params._of = this.search;
            params._changed = (query) => { this.search = params._of = query ? '?' + query : ''; };
          }
          return params;
        },
      });
    }
    get host() { return this.hostname + (this.port ? ':' + this.port : ''); }
    get origin() { return this.protocol + '//' + this.host; }
    get href() {
      const user = this.username + (this.password ? ':' + this.password : '');
      return this.protocol + '//' + (user ? user + '@' : '') + this.host + this.pathname + this.search + this.hash;
    }
    toString() { return this.href; }
    toJSON() { return this.href; }
  }

  // Chunks are added up until digest is called, as node's Hash and Hmac do.
  class Digest {
    constructor(finish) { this._finish = finish; this._chunks = []; }
    update(data, encoding) { this._chunks.push(bytesOf(data, encoding)); return this; }
    digest(encoding) {
      const result = Buffer.from(this._finish(bytesOf(Buffer.concat(this._chunks))));
      return encoding === undefined || encoding === 'buffer' ? result : result.toString(encoding);
    }
  }

  const crypto = {
    randomBytes: (n) => Buffer.from(native.random(n)),
    randomUUID: () => {
      const b = new Uint8Array(native.random(16));
      b[6] = (b[6] & 0x0f) | 0x40;
      b[8] = (b[8] & 0x3f) | 0x80;
      const hex = native.decode(b, 'hex');
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
    },
    createHash: (name) => new Digest((data) => native.hash(name, data)),
    createHmac: (name, key) => new Digest((data) => native.hmac(name, bytesOf(key), data)),
    getRandomValues: (array) => { bytesOf(array).set(new Uint8Array(native.random(array.byteLength))); return array; },
    timingSafeEqual: (a, b) => Buffer.from(a).equals(Buffer.from(b)),
  };

  Object.assign(global, {
    Buffer, TextEncoder, TextDecoder, URL, URLSearchParams,
    crypto: { randomUUID: crypto.randomUUID, getRandomValues: crypto.getRandomValues },
    btoa: (text) => native.decode(bytesOf(String(text), 'latin1'), 'base64'),
    atob: (text) => native.decode(bytesOf(String(text), 'base64'), 'latin1'),
    queueMicrotask: (f) => { Promise.resolve().then(f); },
  });
  return { crypto, buffer: { Buffer }, url: { URL, URLSearchParams } };
});
