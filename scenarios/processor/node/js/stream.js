// Streams in small: objects or chunks that flow when somebody listens, pipes, async iteration. Nothing waits for memory.
const { EventEmitter } = require('events');
const { Buffer } = require('buffer');

const soon = (f) => { Promise.resolve().then(f); };

function Stream(options) { EventEmitter.call(this, options); }
Object.setPrototypeOf(Stream.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Stream, EventEmitter);
Stream.prototype.pipe = function (target, options = {}) {
  this.on('data', (chunk) => target.write(chunk));
  if (options.end !== false) this.on('end', () => target.end());
  target.emit('pipe', this);
  if (this.resume) this.resume();
  return target;
};

// begin makes the state of a stream; old code calls the constructors on its own objects.
const begin = (stream, options = {}) => {
  EventEmitter.call(stream);
  if (stream._state) return;
  Object.defineProperty(stream, '_state', { value: { queue: [], flowing: null, ended: false, done: false, pending: [], writing: false, finishing: false, finished: false, reading: false }, writable: true });
  stream._options = options;
  stream.readable = stream.writable = stream.destroyed = false;
  for (const name of ['read', 'write', 'final', 'destroy', 'transform', 'flush']) {
    if (typeof options[name] === 'function') stream['_' + name] = options[name];
  }
};

const methods = (Kind, all) => {
  for (const name of Object.keys(all)) Object.defineProperty(Kind.prototype, name, { value: all[name], writable: true, configurable: true });
};

function Readable(options) {
  if (!(this instanceof Readable)) return new Readable(options);
  begin(this, options);
  this.readable = true;
}
Object.setPrototypeOf(Readable.prototype, Stream.prototype);
Object.setPrototypeOf(Readable, Stream);

const readable = {
  push(chunk, encoding) {
    const s = this._state;
    s.reading = false;
    if (chunk === null) s.ended = true;
    else {
      const objects = this._options.objectMode || this._options.readableObjectMode;
      s.queue.push(objects ? chunk : typeof chunk === 'string' ? (s.decoder ? chunk : Buffer.from(chunk, encoding)) : chunk);
    }
    this._flow();
    return true;
  },
  unshift(chunk) { this._state.queue.unshift(chunk); },
  _flow() {
    const s = this._state;
    if (!s.flowing || s.scheduled || this.destroyed) return;
    s.scheduled = true;
    soon(() => {
      s.scheduled = false;
      while (s.flowing && s.queue.length > 0 && !this.destroyed) this.emit('data', this._decoded(s.queue.shift()));
      if (!s.flowing || this.destroyed) return;
      if (s.ended && s.queue.length === 0) {
        if (s.done) return;
        s.done = true;
        this.readable = false;
        this.emit('end');
        if (!this.writable || s.finished) this.emit('close');
      } else this._more();
    });
  },
  _more() {
    const s = this._state;
    if (s.ended || s.reading || typeof this._read !== 'function') return;
    s.reading = true;
    try { this._read(16384); } catch (err) { this.destroy(err); }
  },
  _decoded(chunk) { const { decoder } = this._state; return decoder && chunk instanceof Uint8Array ? decoder.write(chunk) : chunk; },
  read() {
    const s = this._state;
    if (s.queue.length === 0) { this._more(); if (s.queue.length === 0) return null; }
    if (this._options.objectMode || this._options.readableObjectMode) return s.queue.shift();
    const all = s.queue.every((c) => typeof c === 'string') ? s.queue.join('') : Buffer.concat(s.queue.map((c) => Buffer.from(c)));
    s.queue = [];
    return this._decoded(all);
  },
  on(name, f) {
    EventEmitter.prototype.on.call(this, name, f);
    if (name === 'data' && this._state && this._state.flowing === null) this.resume();
    if (name === 'readable') soon(() => { this._more(); if (this._state.queue.length > 0) this.emit('readable'); if (this._state.ended && !this._state.done) { soon(() => { if (this._state.queue.length === 0) { this._state.done = true; this.emit('end'); } }); } });
    return this;
  },
  addListener(name, f) { return this.on(name, f); },
  resume() { this._state.flowing = true; this._flow(); return this; },
  pause() { this._state.flowing = false; return this; },
  isPaused() { return this._state.flowing === false; },
  setEncoding(encoding) { this._state.decoder = new (require('buffer').decoder.StringDecoder)(encoding); return this; },
  unpipe() { return this; },
  [Symbol.asyncIterator]() {
    const items = [], waiting = [];
    let over = false, failure = null;
    const wake = () => {
      while (waiting.length > 0 && (items.length > 0 || over)) {
        const [resolve, reject] = waiting.shift();
        if (items.length > 0) resolve({ value: items.shift(), done: false });
        else if (failure) reject(failure);
        else resolve({ value: undefined, done: true });
      }
    };
    this.on('data', (chunk) => { items.push(chunk); wake(); });
    this.on('end', () => { over = true; wake(); });
    this.on('error', (err) => { over = true; failure = err; wake(); });
    const stream = this;
    return {
      next: () => new Promise((resolve, reject) => { waiting.push([resolve, reject]); wake(); }),
      return: () => { stream.destroy(); return Promise.resolve({ value: undefined, done: true }); },
      [Symbol.asyncIterator]() { return this; },
    };
  },
  destroy(err) {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.readable = this.writable = false;
    const end = (failure) => soon(() => { if (failure) this.emit('error', failure); this.emit('close'); });
    if (typeof this._destroy === 'function') this._destroy(err || null, end);
    else end(err);
    return this;
  },
};
Object.defineProperty(readable, '_symbol', { value: Symbol.asyncIterator });
methods(Readable, readable);
Readable.prototype[Symbol.asyncIterator] = readable[Symbol.asyncIterator];
Readable.from = (items, options) => {
  const stream = new Readable({ objectMode: true, ...options, read() {} });
  const text = typeof items === 'string' || items instanceof Uint8Array;
  (async () => {
    if (text) stream.push(items);
    else { const next = items[Symbol.asyncIterator] ? items[Symbol.asyncIterator]() : items[Symbol.iterator](); for (let step = await next.next(); !step.done; step = await next.next()) stream.push(await step.value); }
    stream.push(null);
  })().catch((err) => stream.destroy(err));
  return stream;
};

function Writable(options) {
  if (!(this instanceof Writable)) return new Writable(options);
  begin(this, options);
  this.writable = true;
}
Object.setPrototypeOf(Writable.prototype, Stream.prototype);
Object.setPrototypeOf(Writable, Stream);

const writable = {
  write(chunk, encoding, done) {
    const s = this._state;
    const callback = typeof encoding === 'function' ? encoding : done;
    if (s.finishing) { this.destroy(Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' })); return false; }
    const raw = this._options.objectMode || this._options.writableObjectMode || this._options.decodeStrings === false;
    s.pending.push([!raw && typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk, typeof encoding === 'string' ? encoding : 'buffer', callback]);
    this._drain();
    return true;
  },
  _drain() {
    const s = this._state;
    if (s.writing || this.destroyed) return;
    if (s.pending.length === 0) { if (s.finishing && !s.finished) this._finish(); return; }
    const [chunk, encoding, callback] = s.pending.shift();
    s.writing = true;
    const next = (err) => {
      s.writing = false;
      if (callback) callback(err);
      if (err) this.destroy(err);
      else this._drain();
    };
    try { this._write(chunk, encoding, next); } catch (err) { next(err); }
  },
  end(chunk, encoding, done) {
    if (typeof chunk === 'function') { done = chunk; chunk = undefined; } else if (typeof encoding === 'function') { done = encoding; encoding = undefined; }
    if (chunk !== undefined && chunk !== null) this.write(chunk, encoding);
    if (done) this.once('finish', done);
    this._state.finishing = true;
    this._drain();
    return this;
  },
  _finish() {
    const s = this._state;
    s.finished = true;
    const finish = (err) => { if (err) { this.destroy(err); return; } this.writable = false; soon(() => { this.emit('finish'); if (!this.readable) this.emit('close'); }); };
    if (typeof this._final === 'function') this._final(finish);
    else finish();
  },
  cork() {},
  uncork() {},
  setDefaultEncoding() { return this; },
  destroy: readable.destroy,
};
methods(Writable, writable);

function Duplex(options) {
  if (!(this instanceof Duplex)) return new Duplex(options);
  begin(this, options);
  this.readable = this.writable = true;
}
Object.setPrototypeOf(Duplex.prototype, Readable.prototype);
Object.setPrototypeOf(Duplex, Readable);
methods(Duplex, writable);
Object.defineProperty(Writable, Symbol.hasInstance, { value(v) { return Function.prototype[Symbol.hasInstance].call(this, v) || (this === Writable && v instanceof Duplex); } });

function Transform(options) {
  if (!(this instanceof Transform)) return new Transform(options);
  Duplex.call(this, options);
}
Object.setPrototypeOf(Transform.prototype, Duplex.prototype);
Object.setPrototypeOf(Transform, Duplex);
methods(Transform, {
  _write(chunk, encoding, done) {
    this._transform(chunk, encoding, (err, made) => { if (!err && made !== undefined && made !== null) this.push(made); done(err); });
  },
  _final(done) {
    const end = (err, made) => { if (err) { done(err); return; } if (made !== undefined && made !== null) this.push(made); this.push(null); done(); };
    if (typeof this._flush === 'function') this._flush(end);
    else end();
  },
  _read() { this._state.reading = false; },
});

function PassThrough(options) {
  if (!(this instanceof PassThrough)) return new PassThrough(options);
  Transform.call(this, options);
}
Object.setPrototypeOf(PassThrough.prototype, Transform.prototype);
Object.setPrototypeOf(PassThrough, Transform);
methods(PassThrough, { _transform(chunk, encoding, done) { done(null, chunk); } });

const finished = (stream, options, done) => {
  const callback = typeof options === 'function' ? options : done;
  let told = false;
  const tell = (err) => { if (!told) { told = true; callback(err); } };
  stream.on('error', tell);
  stream.on(stream instanceof Readable && !(stream._write) ? 'end' : 'finish', () => tell());
  stream.on('close', () => tell());
  return () => { told = true; };
};
const pipeline = (...streams) => {
  const done = typeof streams[streams.length - 1] === 'function' ? streams.pop() : () => {};
  const all = streams.flat();
  let told = false;
  const tell = (err) => { if (!told) { told = true; if (err) for (const s of all) s.destroy(); done(err); } };
  for (const s of all) s.on('error', tell);
  finished(all[all.length - 1], tell);
  return all.reduce((from, to) => from.pipe(to));
};

Object.assign(Stream, {
  Stream, Readable, Writable, Duplex, Transform, PassThrough, finished, pipeline,
  promises: {
    pipeline: (...streams) => new Promise((resolve, reject) => { pipeline(...streams, (err) => (err ? reject(err) : resolve())); }),
    finished: (stream) => new Promise((resolve, reject) => { finished(stream, (err) => (err ? reject(err) : resolve())); }),
  },
});
exports.Stream = Stream;
exports.promises = Stream.promises;
exports.Readable = Readable;
exports.Transform = Transform;
