// What is there without a require. Most globals are made when they are first asked for: a worker starts with none.
const lazy = (name, file, member) => {
  const define = (value) => Object.defineProperty(global, name, { value, writable: true, configurable: true, enumerable: false });
  Object.defineProperty(global, name, {
    configurable: true,
    enumerable: false,
    get() { const value = require(file)[member || name]; define(value); return value; },
    set: define,
  });
};

for (const [file, names] of Object.entries({
  buffer: ['Buffer', 'Blob', 'atob', 'btoa'],
  util: ['TextEncoder', 'TextDecoder'],
  url: ['URL', 'URLSearchParams'],
  events: ['EventTarget', 'Event', 'AbortController', 'AbortSignal', 'DOMException'],
  clone: ['structuredClone'],
  process: ['process', 'performance'],
})) {
  for (const name of names) lazy(name, file);
}
lazy('crypto', 'crypto', 'webcrypto');
lazy('CryptoKey', 'subtle');

Object.defineProperty(global, 'queueMicrotask', {
  value: (f) => { if (typeof f !== 'function') throw new TypeError('queueMicrotask takes a function'); Promise.resolve().then(f); },
  writable: true,
  configurable: true,
});

require('language');

// A module that loadgen lacks: who reads a member of it learns so by name. What transpilers ask of every module is
// answered.
exports.absent = (message) => {
  const refuse = () => { throw new Error(message); };
  const module = new Proxy(function () {}, {
    get(target, name) {
      if (name === '__esModule') return true;
      if (name === 'default') return module;
      if (typeof name === 'symbol' || name === 'then') return undefined;
      return refuse();
    },
    has: (target, name) => name === '__esModule' || name === 'default',
    ownKeys: () => ['prototype'],
    getPrototypeOf: () => module,
    set: refuse,
    apply: refuse,
    construct: refuse,
  });
  return module;
};

exports.toss = (err) => { throw err; };
