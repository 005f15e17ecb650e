// EventEmitter, as a function that old code calls on its own objects; and the events of the web.
function EventEmitter() { EventEmitter.init.call(this); }
EventEmitter.init = function () {
  if (!Object.prototype.hasOwnProperty.call(this, '_events') || !this._events) this._events = Object.create(null);
};

const known = (emitter, name) => {
  if (!emitter._events) emitter._events = Object.create(null);
  return emitter._events[name] || [];
};
const add = (emitter, name, f, first) => {
  if (typeof f !== 'function') throw Object.assign(new TypeError('The "listener" argument must be of type function. ' + require('received')(f)), { code: 'ERR_INVALID_ARG_TYPE' });
  const list = known(emitter, name);
  if (emitter._events.newListener) emitter.emit('newListener', name, f.listener || f);
  emitter._events[name] = first ? [f, ...list] : [...list, f];
  return emitter;
};
const once = (emitter, name, f) => {
  const wrapped = function (...args) { emitter.removeListener(name, wrapped); return f.apply(emitter, args); };
  wrapped.listener = f;
  return wrapped;
};

Object.assign(EventEmitter.prototype, {
  on(name, f) { return add(this, name, f); },
  addListener(name, f) { return add(this, name, f); },
  prependListener(name, f) { return add(this, name, f, true); },
  once(name, f) { return add(this, name, typeof f === 'function' ? once(this, name, f) : f); },
  prependOnceListener(name, f) { return add(this, name, once(this, name, f), true); },
  removeListener(name, f) {
    const list = known(this, name);
    const at = list.findLastIndex((one) => one === f || one.listener === f);
    if (at < 0) return this;
    if (list.length === 1) delete this._events[name];
    else this._events[name] = list.filter((_, i) => i !== at);
    if (this._events.removeListener) this.emit('removeListener', name, f);
    return this;
  },
  off(name, f) { return this.removeListener(name, f); },
  removeAllListeners(name) {
    if (name === undefined) this._events = Object.create(null);
    else if (this._events) delete this._events[name];
    return this;
  },
  emit(name, ...args) {
    if (name === 'error' && known(this, EventEmitter.errorMonitor).length > 0) this.emit(EventEmitter.errorMonitor, ...args);
    const list = known(this, name);
    if (list.length === 0) {
      if (name !== 'error') return false;
      if (args[0] instanceof Error) throw args[0];
      throw Object.assign(new Error(`Unhandled error. (${require('util').inspect(args[0])})`), { code: 'ERR_UNHANDLED_ERROR', context: args[0] });
    }
    for (const f of list) f.apply(this, args);
    return true;
  },
  listeners(name) { return known(this, name).map((f) => f.listener || f); },
  rawListeners(name) { return [...known(this, name)]; },
  listenerCount(name) { return known(this, name).length; },
  eventNames() { return this._events ? Reflect.ownKeys(this._events) : []; },
  setMaxListeners(n) { this._maxListeners = n; return this; },
  getMaxListeners() { return this._maxListeners === undefined ? EventEmitter.defaultMaxListeners : this._maxListeners; },
});
for (const name of Object.keys(EventEmitter.prototype)) {
  Object.defineProperty(EventEmitter.prototype, name, { enumerable: false });
}

Object.assign(EventEmitter, {
  EventEmitter,
  defaultMaxListeners: 10,
  errorMonitor: Symbol('events.errorMonitor'),
  captureRejectionSymbol: Symbol.for('nodejs.rejection'),
  listenerCount: (emitter, name) => emitter.listenerCount(name),
  setMaxListeners() {},
  once: (emitter, name) => new Promise((resolve, reject) => {
    const fail = (err) => { emitter.removeListener(name, done); reject(err); };
    const done = (...args) => { emitter.removeListener('error', fail); resolve(args); };
    emitter.once(name, done);
    if (name !== 'error') emitter.once('error', fail);
  }),
});

class Event {
  constructor(type, init = {}) {
    this.type = String(type);
    this.bubbles = Boolean(init.bubbles);
    this.cancelable = Boolean(init.cancelable);
    this.defaultPrevented = false;
    this.target = this.currentTarget = null;
    this.timeStamp = native.elapsed();
  }
  preventDefault() { if (this.cancelable) this.defaultPrevented = true; }
  stopPropagation() {}
  stopImmediatePropagation() { this._stopped = true; }
}

class EventTarget {
  #all = new Map();
  addEventListener(type, f, options) {
    const list = this.#all.get(type) || [];
    if (!f || list.some((one) => one.f === f)) return;
    this.#all.set(type, [...list, { f, once: Boolean(options && options.once) }]);
  }
  removeEventListener(type, f) { this.#all.set(type, (this.#all.get(type) || []).filter((one) => one.f !== f)); }
  dispatchEvent(event) {
    event.target = event.currentTarget = this;
    for (const { f, once: single } of this.#all.get(event.type) || []) {
      if (single) this.removeEventListener(event.type, f);
      if (typeof f === 'function') f.call(this, event);
      else f.handleEvent(event);
      if (event._stopped) break;
    }
    return !event.defaultPrevented;
  }
}

class DOMException extends Error {
  constructor(message = '', name = 'Error') {
    super(message);
    Object.defineProperty(this, 'name', { value: name, configurable: true });
    this.code = { AbortError: 20, TimeoutError: 23, DataCloneError: 25, InvalidCharacterError: 5, TypeMismatchError: 17, QuotaExceededError: 22 }[name] || 0;
  }
}

class AbortSignal extends EventTarget {
  aborted = false;
  reason = undefined;
  onabort = null;
  throwIfAborted() { if (this.aborted) throw this.reason; }
  static abort(reason) { const c = new AbortController(); c.abort(reason); return c.signal; }
  static timeout(ms) {
    const c = new AbortController();
    global.setTimeout(() => c.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms);
    return c.signal;
  }
  static any(signals) {
    const c = new AbortController();
    for (const s of signals) {
      if (s.aborted) c.abort(s.reason);
      else s.addEventListener('abort', () => c.abort(s.reason), { once: true });
    }
    return c.signal;
  }
}

class AbortController {
  signal = new AbortSignal();
  abort(reason) {
    const { signal } = this;
    if (signal.aborted) return;
    signal.aborted = true;
    signal.reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
    const event = new Event('abort');
    if (typeof signal.onabort === 'function') signal.onabort(event);
    signal.dispatchEvent(event);
  }
}

// Nobody listens to the channels of diagnostics.
const channel = (name) => ({ name, hasSubscribers: false, publish() {}, subscribe() {}, unsubscribe() { return false; }, runStores: (data, f, self, ...args) => f.apply(self, args) });
const tracing = (name) => ({
  start: channel(name), end: channel(name), asyncStart: channel(name), asyncEnd: channel(name), error: channel(name), hasSubscribers: false,
  traceSync: (f, data, self, ...args) => f.apply(self, args), tracePromise: (f, data, self, ...args) => f.apply(self, args),
});

Object.assign(exports, {
  EventEmitter, Event, EventTarget, DOMException, AbortSignal, AbortController,
  diagnostics: { channel, tracingChannel: tracing, hasSubscribers: () => false, subscribe() {}, unsubscribe() { return false; } },
});
