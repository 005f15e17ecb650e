// Text of values, comparison of values, and what adapts functions.
const custom = Symbol.for('nodejs.util.inspect.custom');
const tag = (value) => Object.prototype.toString.call(value).slice(8, -1);
const is = (name) => (value) => value !== null && typeof value === 'object' && tag(value) === name;
const invalid = (name, kind, value) => Object.assign(new TypeError(`The "${name}" argument must be of type ${kind}. ${require('received')(value)}`), { code: 'ERR_INVALID_ARG_TYPE' });

const types = {
  isDate: is('Date'), isRegExp: is('RegExp'), isMap: is('Map'), isSet: is('Set'), isPromise: is('Promise'), isWeakMap: is('WeakMap'), isWeakSet: is('WeakSet'),
  isArrayBuffer: is('ArrayBuffer'), isAnyArrayBuffer: is('ArrayBuffer'), isSharedArrayBuffer: () => false, isDataView: is('DataView'),
  isArrayBufferView: ArrayBuffer.isView,
  isTypedArray: (v) => ArrayBuffer.isView(v) && !(v instanceof DataView),
  isUint8Array: (v) => v instanceof Uint8Array, isInt8Array: (v) => v instanceof Int8Array, isUint16Array: (v) => v instanceof Uint16Array,
  isInt32Array: (v) => v instanceof Int32Array, isUint32Array: (v) => v instanceof Uint32Array, isFloat64Array: (v) => v instanceof Float64Array,
  isNativeError: (v) => v instanceof Error, isBoxedPrimitive: (v) => v instanceof Number || v instanceof String || v instanceof Boolean || is('Symbol')(v) || is('BigInt')(v),
  isNumberObject: is('Number'), isStringObject: is('String'), isBooleanObject: is('Boolean'), isSymbolObject: is('Symbol'), isBigIntObject: is('BigInt'),
  isGeneratorFunction: (v) => typeof v === 'function' && tag(v) === 'GeneratorFunction', isGeneratorObject: is('Generator'),
  isAsyncFunction: (v) => typeof v === 'function' && tag(v) === 'AsyncFunction',
  isProxy: () => false, isExternal: () => false, isModuleNamespaceObject: is('Module'), isArgumentsObject: is('Arguments'), isKeyObject: () => false, isCryptoKey: () => false,
};

// quoted is a text in the quotes that it has not.
const quoted = (s) => {
  const q = !s.includes("'") ? "'" : !s.includes('"') ? '"' : !s.includes('`') && !s.includes('${') ? '`' : "'";
  const escapes = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\b': '\\b', '\f': '\\f', '\v': '\\v', '\\': '\\\\' };
  return q + s.replace(/[\0-\x1f\x7f-\x9f\\]/g, (c) => escapes[c] || '\\x' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')).replaceAll(q, q === "'" && s.includes("'") ? "\\'" : q) + q;
};

const primitive = (v, ctx) => {
  if (typeof v === 'string') return v.length > ctx.maxStringLength ? quoted(v.slice(0, ctx.maxStringLength)) + `... ${v.length - ctx.maxStringLength} more character${v.length - ctx.maxStringLength > 1 ? 's' : ''}` : quoted(v);
  if (typeof v === 'bigint') return v + 'n';
  return Object.is(v, -0) ? '-0' : String(v);
};

const nameOf = (v) => {
  for (let o = v; o !== null && o !== undefined; o = Object.getPrototypeOf(o)) {
    const d = Object.getOwnPropertyDescriptor(o, 'constructor');
    if (d && typeof d.value === 'function' && d.value.name !== '' && (o !== v || d.value.prototype !== v)) return d.value.name;
  }
  return null;
};

const keyText = (key) => (typeof key === 'symbol' ? `[${String(key)}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key));

const member = (v, key, ctx, seen) => {
  const d = Object.getOwnPropertyDescriptor(v, key) || { value: v[key] };
  if (d.get) return d.set ? '[Getter/Setter]' : '[Getter]';
  return d.set ? '[Setter]' : show(d.value, ctx, seen);
};

// list cuts what is too long.
const list = (all, total, ctx) => (total > all.length ? [...all, `... ${total - all.length} more item${total - all.length > 1 ? 's' : ''}`] : all);

// inner are the parts of an object and what stands around them.
const inner = (v, ctx, seen) => {
  const name = nameOf(v);
  const keys = Object.keys(v).concat(Object.getOwnPropertySymbols(v).filter((s) => Object.prototype.propertyIsEnumerable.call(v, s)));
  const named = (some) => some.map((k) => `${keyText(k)}: ${member(v, k, ctx, seen)}`);
  const prefix = (usual, size) => (name === usual && size === undefined ? '' : `${name === null ? `[${usual}: null prototype]` : name}${size === undefined ? '' : `(${size})`} `);
  const rest = () => named(keys.filter((k) => typeof k === 'symbol' || !/^\d+$/.test(k)));
  if (Array.isArray(v)) {
    const shown = [];
    for (let i = 0; i < Math.min(v.length, ctx.maxArrayLength); i++) shown.push(i in v ? show(v[i], ctx, seen) : '<1 empty item>');
    return [prefix('Array', name === 'Array' ? undefined : v.length) + '[', [...list(shown, v.length, ctx), ...rest()], ']'];
  }
  if (types.isTypedArray(v)) return [`${name}(${v.length}) [`, [...list(Array.from(v.subarray(0, ctx.maxArrayLength), (x) => primitive(x, ctx)), v.length, ctx), ...rest()], ']'];
  if (types.isSet(v)) return [`${name}(${v.size}) {`, [...Array.from(v, (x) => show(x, ctx, seen)), ...named(keys)], '}'];
  if (types.isMap(v)) return [`${name}(${v.size}) {`, [...Array.from(v, ([k, x]) => `${show(k, ctx, seen)} => ${show(x, ctx, seen)}`), ...named(keys)], '}'];
  if (types.isArrayBuffer(v)) return [`${name} {`, [`byteLength: ${v.byteLength}`], '}'];
  if (types.isPromise(v)) return ['Promise {', ['<pending>', ...named(keys)], '}'];
  let base = '';
  if (typeof v === 'function') base = `[${/^class\b/.test(Function.prototype.toString.call(v)) ? 'class' : tag(v)}${v.name ? (/^class\b/.test(Function.prototype.toString.call(v)) ? ' ' : ': ') + v.name : ' (anonymous)'}]`;
  else if (types.isDate(v)) base = Number.isNaN(v.getTime()) ? 'Invalid Date' : v.toISOString();
  else if (types.isRegExp(v)) base = String(v);
  else if (v instanceof Error) base = (v.stack && String(v.stack).trimEnd()) || `[${v.name}: ${v.message}]`;
  else if (types.isBoxedPrimitive(v)) base = `[${tag(v)}: ${primitive(v.valueOf(), ctx)}]`;
  if (base) return keys.length === 0 || types.isBoxedPrimitive(v) ? [base, null, ''] : [`${base} {`, named(v instanceof Error ? keys.filter((k) => k !== 'stack' && k !== 'message') : keys), '}'];
  const mark = v[Symbol.toStringTag];
  return [`${prefix('Object')}${typeof mark === 'string' && mark !== '' && mark !== name ? `[${mark}] ` : ''}{`, named(keys), '}'];
};

const show = (v, ctx, seen) => {
  if (v === null || (typeof v !== 'object' && typeof v !== 'function')) return primitive(v, ctx);
  if (seen.includes(v)) return '[Circular *1]';
  if (ctx.customInspect && typeof v[custom] === 'function') {
    const made = v[custom](ctx.depth === null ? null : ctx.depth - seen.length, ctx, inspect);
    if (made !== v) return typeof made === 'string' ? made : show(made, ctx, seen);
  }
  const compound = typeof v === 'object' && !types.isDate(v) && !types.isRegExp(v) && !(v instanceof Error);
  if (compound && ctx.depth !== null && seen.length > ctx.depth) return Array.isArray(v) ? '[Array]' : `[${nameOf(v) || 'Object: null prototype'}]`;
  ctx.level = seen.length;
  const [open, parts, close] = inner(v, ctx, [...seen, v]);
  if (parts === null) return open;
  if (parts.length === 0) return open + (/[{[]$/.test(open) ? '' : ' ') + close;
  return joined(open, parts, close, { ctx, indent: 2 * seen.length, deep: ctx.level - seen.length, list: Array.isArray(v) || types.isTypedArray(v) ? v : null });
};

// joined puts parts on one line if they are few, short and shallow, as Node does.
const joined = (open, parts, close, { ctx, indent, deep, list: of }) => {
  const lines = of && parts.length > 6 ? columns(parts, of, ctx, indent) : parts;
  const length = parts.reduce((n, p) => n + p.length, 2 * parts.length + indent + open.length + 10);
  if (deep < ctx.compact && lines.length === parts.length && length <= ctx.breakLength && !parts.some((p) => p.includes('\n'))) return `${open} ${parts.join(', ')} ${close}`;
  const next = '\n' + ' '.repeat(indent);
  return `${open}${next}  ${lines.join(`,${next}  `)}${next}${close}`;
};

// columns puts the short items of a long list beside each other: as many as make a block of about 2.5 to 1.
const columns = (parts, of, ctx, indent) => {
  const items = parts.slice(0, Math.min(parts.length, ctx.maxArrayLength, of.length));
  const total = items.reduce((n, p) => n + p.length + 2, 0), longest = Math.max(...items.map((p) => p.length)), width = longest + 2;
  if (width * 3 + indent >= ctx.breakLength || (total / width <= 5 && longest > 6)) return parts;
  const typical = Math.max(width - 3 - Math.sqrt(width - total / parts.length), 1);
  const n = Math.min(Math.round(Math.sqrt(2.5 * typical * items.length) / typical), Math.floor((ctx.breakLength - indent) / width), ctx.compact * 4, 15);
  if (n <= 1) return parts;
  const widths = Array.from({ length: n }, (_, i) => 2 + Math.max(...items.filter((__, j) => j % n === i).map((p) => p.length)));
  const right = Array.from(of).every((x) => typeof x === 'number' || typeof x === 'bigint');
  const rows = [];
  for (let i = 0; i < items.length; i += n) {
    rows.push(items.slice(i, i + n).map((p, j, row) => {
      const last = j === row.length - 1;
      if (right) return (last ? p : p + ', ').padStart(widths[j] - (last ? 2 : 0));
      return last ? p : (p + ', ').padEnd(widths[j]);
    }).join(''));
  }
  return [...rows, ...parts.slice(items.length)];
};

const defaults = { depth: 2, breakLength: 80, compact: 3, maxArrayLength: 100, maxStringLength: 10000, customInspect: true, showHidden: false, colors: false };
function inspect(value, options, depth) {
  const ctx = { ...defaults, ...(options !== null && typeof options === 'object' ? options : depth === undefined ? {} : { depth }), stylize: (s) => s };
  if (ctx.maxArrayLength === null) ctx.maxArrayLength = Infinity;
  if (ctx.maxStringLength === null) ctx.maxStringLength = Infinity;
  if (ctx.depth === Infinity) ctx.depth = null;
  const text = show(value, ctx, []);
  return text.includes('[Circular *1]') && value !== null && typeof value === 'object' ? '<ref *1> ' + text : text;
}
inspect.custom = custom;
inspect.defaultOptions = defaults;

const formatWithOptions = (options, first, ...args) => {
  const shown = (v) => (typeof v === 'string' ? v : inspect(v, options));
  if (typeof first !== 'string') return [first, ...args].map(shown).join(' ');
  let i = 0;
  const text = args.length === 0 ? first : first.replace(/%[sdifjoOc%]/g, (spec) => {
    if (spec === '%%') return '%';
    if (i >= args.length) return spec;
    const v = args[i++];
    switch (spec) {
      case '%s': return typeof v === 'string' ? v : typeof v === 'bigint' ? v + 'n' : Object.is(v, -0) ? '-0' : v === null || typeof v !== 'object' || (typeof v.toString === 'function' && v.toString !== Object.prototype.toString && v.toString !== Array.prototype.toString && v.toString !== Error.prototype.toString) ? String(v) : inspect(v, { ...options, depth: 0, compact: 3 });
      case '%d': return typeof v === 'bigint' ? v + 'n' : typeof v === 'symbol' ? 'NaN' : primitive(typeof v === 'object' && v !== null ? Number(String(v)) : Number(v), defaults);
      case '%i': return typeof v === 'bigint' ? v + 'n' : typeof v === 'symbol' ? 'NaN' : String(parseInt(v, 10));
      case '%f': return typeof v === 'symbol' ? 'NaN' : String(parseFloat(v));
      case '%j': try { return JSON.stringify(v); } catch (e) { return '[Circular]'; }
      case '%o': return inspect(v, { ...options, depth: 4, showHidden: true });
      case '%O': return inspect(v, options);
      default: return '';
    }
  });
  return [text, ...args.slice(i).map(shown)].join(' ');
};
const format = (...args) => (args.length === 0 ? '' : formatWithOptions({}, ...args));

const kCustomPromisify = Symbol.for('nodejs.util.promisify.custom');
const promisify = (f) => {
  if (typeof f !== 'function') throw invalid('original', 'function', f);
  if (f[kCustomPromisify]) return f[kCustomPromisify];
  const made = function (...args) {
    return new Promise((resolve, reject) => { f.call(this, ...args, (err, value) => (err ? reject(err) : resolve(value))); });
  };
  return Object.defineProperties(Object.setPrototypeOf(made, Object.getPrototypeOf(f)), { name: { value: f.name, configurable: true } });
};
promisify.custom = kCustomPromisify;

const callbackify = (f) => function (...args) {
  const done = args.pop();
  Promise.resolve(f.apply(this, args)).then((v) => done(null, v), (err) => done(err || Object.assign(new Error('Promise was rejected with a falsy value'), { reason: err })));
};

// equal compares deeply; loosely with ==.
const equal = (a, b, strict, pairs = []) => {
  if (strict ? Object.is(a, b) : a == b || (a !== a && b !== b)) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (tag(a) !== tag(b) || (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (pairs.some(([x, y]) => x === a && y === b)) return true;
  const next = [...pairs, [a, b]];
  if (types.isDate(a)) { if (a.getTime() !== b.getTime()) return false; } else if (types.isRegExp(a)) { if (String(a) !== String(b)) return false; } else if (a instanceof Error) { if (a.message !== b.message || a.name !== b.name) return false; } else if (types.isBoxedPrimitive(a)) { if (!Object.is(a.valueOf(), b.valueOf())) return false; }
  if (ArrayBuffer.isView(a) && (a.byteLength !== b.byteLength || !Array.from(new Uint8Array(a.buffer, a.byteOffset, a.byteLength)).every((x, i) => x === new Uint8Array(b.buffer, b.byteOffset, b.byteLength)[i]))) return false;
  if (types.isSet(a) && (a.size !== b.size || ![...a].every((x) => b.has(x) || [...b].some((y) => equal(x, y, strict, next))))) return false;
  if (types.isMap(a) && (a.size !== b.size || ![...a].every(([k, x]) => (b.has(k) ? equal(x, b.get(k), strict, next) : [...b].some(([l, y]) => equal(k, l, strict, next) && equal(x, y, strict, next)))))) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((k) => Object.prototype.hasOwnProperty.call(b, k) && equal(a[k], b[k], strict, next));
};

class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text) { return new Uint8Array(native.encode(text === undefined ? '' : String(text), 'utf8')); }
  encodeInto(text, target) {
    const bytes = this.encode(text);
    const written = native.whole(bytes.subarray(0, target.length), 'utf8');
    target.set(bytes.subarray(0, written));
    return { read: native.decode(bytes.subarray(0, written), 'utf8').length, written };
  }
}

class TextDecoder {
  #rest = new Uint8Array(0);
  constructor(label = 'utf-8', options = {}) {
    const name = String(label).toLowerCase().trim();
    this.encoding = { utf8: 'utf-8', 'utf-8': 'utf-8', 'utf-16le': 'utf-16le', 'utf-16': 'utf-16le', latin1: 'windows-1252', ascii: 'windows-1252', 'iso-8859-1': 'windows-1252', 'windows-1252': 'windows-1252' }[name];
    if (!this.encoding) throw Object.assign(new RangeError(`The "${label}" encoding is not supported`), { code: 'ERR_ENCODING_NOT_SUPPORTED' });
    this.fatal = Boolean(options.fatal);
    this.ignoreBOM = Boolean(options.ignoreBOM);
  }
  decode(input, options = {}) {
    const { viewOf, Buffer } = require('buffer');
    const encoding = { 'utf-8': 'utf8', 'utf-16le': 'utf16le', 'windows-1252': 'latin1' }[this.encoding];
    let bytes = Buffer.concat([this.#rest, input === undefined ? new Uint8Array(0) : viewOf(input)]);
    const n = options.stream ? native.whole(viewOf(bytes), encoding) : bytes.length;
    this.#rest = bytes.slice(n);
    bytes = viewOf(bytes.slice(0, n));
    const text = native.decode(bytes, encoding);
    if (this.fatal && Buffer.compare(viewOf(native.encode(text, encoding)), bytes) !== 0) throw Object.assign(new TypeError(`The encoded data was not valid for encoding ${this.encoding}`), { code: 'ERR_ENCODING_INVALID_ENCODED_DATA' });
    return !this.ignoreBOM && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
}

const quiet = () => {};
const debuglog = () => Object.assign(() => {}, { enabled: false });

Object.assign(exports, {
  types, inspect, format, formatWithOptions, promisify, callbackify, TextEncoder, TextDecoder, debuglog, debug: debuglog, equal,
  isDeepStrictEqual: (a, b) => equal(a, b, true),
  inherits(child, parent) {
    Object.defineProperty(child, 'super_', { value: parent, writable: true, configurable: true });
    Object.setPrototypeOf(child.prototype, parent.prototype);
  },
  deprecate: (f) => f,
  stripVTControlCharacters: (s) => String(s).replace(/\u001b\[[0-9;]*[A-Za-z]/g, ''),
  styleText: (style, s) => String(s),
  toUSVString: (s) => String(s).toWellFormed(),
  aborted: () => new Promise(quiet),
  getSystemErrorName: (n) => String(n),
  isArray: Array.isArray, isBoolean: (v) => typeof v === 'boolean', isNull: (v) => v === null, isNullOrUndefined: (v) => v === null || v === undefined,
  isNumber: (v) => typeof v === 'number', isString: (v) => typeof v === 'string', isSymbol: (v) => typeof v === 'symbol', isUndefined: (v) => v === undefined,
  isRegExp: types.isRegExp, isDate: types.isDate, isError: (v) => v instanceof Error, isObject: (v) => v !== null && typeof v === 'object',
  isFunction: (v) => typeof v === 'function', isPrimitive: (v) => v === null || (typeof v !== 'object' && typeof v !== 'function'),
});
Object.defineProperty(exports, 'isBuffer', { enumerable: true, get: () => require('buffer').Buffer.isBuffer });
