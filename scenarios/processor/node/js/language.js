// What the engine lacks of the language and of V8's additions to it.
const add = (target, name, value) => {
  if (target[name] === undefined) Object.defineProperty(target, name, { value, writable: true, configurable: true });
};

add(Symbol, 'asyncIterator', Symbol.for('Symbol.asyncIterator'));
add(Symbol, 'dispose', Symbol.for('Symbol.dispose'));
add(Symbol, 'asyncDispose', Symbol.for('Symbol.asyncDispose'));
add(Error, 'captureStackTrace', (target) => {
  const { stack } = new Error(String(target && target.message));
  Object.defineProperty(target, 'stack', { value: stack, writable: true, configurable: true });
});
add(Error, 'stackTraceLimit', 10);

for (const [kind, way] of [['get', 'Getter'], ['set', 'Setter']]) {
  add(Object.prototype, `__define${way}__`, function (name, f) { Object.defineProperty(this, name, { [kind]: f, enumerable: true, configurable: true }); });
  add(Object.prototype, `__lookup${way}__`, function (name) {
    for (let o = this; o; o = Object.getPrototypeOf(o)) {
      const d = Object.getOwnPropertyDescriptor(o, name);
      if (d) return d[kind];
    }
    return undefined;
  });
}

add(Object, 'groupBy', (list, f) => {
  const groups = Object.create(null);
  let i = 0;
  for (const item of list) (groups[f(item, i++)] ||= []).push(item);
  return groups;
});
add(Map, 'groupBy', (list, f) => {
  const groups = new Map();
  let i = 0;
  for (const item of list) {
    const key = f(item, i++);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
});
add(Promise, 'withResolvers', function () {
  let resolve, reject;
  const promise = new this((yes, no) => { resolve = yes; reject = no; });
  return { promise, resolve, reject };
});
add(Promise, 'try', function (f, ...args) { return new this((resolve) => resolve(f(...args))); });
add(Array, 'fromAsync', async (list, f) => {
  const all = [];
  const next = list[Symbol.asyncIterator] ? list[Symbol.asyncIterator]() : list[Symbol.iterator] ? list[Symbol.iterator]() : Array.from(list)[Symbol.iterator]();
  for (let step = await next.next(); !step.done; step = await next.next()) {
    const value = await step.value;
    all.push(f ? await f(value, all.length) : value);
  }
  return all;
});

const surrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/;
add(String.prototype, 'isWellFormed', function () { return !surrogate.test(String(this)); });
add(String.prototype, 'toWellFormed', function () {
  return Array.from(String(this), (c) => (c.length === 1 && c >= '\ud800' && c <= '\udfff' ? '\ufffd' : c)).join('');
});

const size = (other) => other.size;
for (const [name, f] of Object.entries({
  union: (a, b) => new Set([...a, ...b.keys()]),
  intersection: (a, b) => new Set([...a].filter((x) => b.has(x))),
  difference: (a, b) => new Set([...a].filter((x) => !b.has(x))),
  symmetricDifference: (a, b) => new Set([...[...a].filter((x) => !b.has(x)), ...[...b.keys()].filter((x) => !a.has(x))]),
  isSubsetOf: (a, b) => size(a) <= size(b) && [...a].every((x) => b.has(x)),
  isSupersetOf: (a, b) => [...b.keys()].every((x) => a.has(x)),
  isDisjointFrom: (a, b) => [...a].every((x) => !b.has(x)),
})) {
  add(Set.prototype, name, function (other) { return f(this, other); });
}

// Methods of iterators.
const Iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
for (const [name, f] of Object.entries({
  *map(it, f) { let i = 0; for (const x of it) yield f(x, i++); },
  *filter(it, f) { let i = 0; for (const x of it) if (f(x, i++)) yield x; },
  *take(it, n) { if (n <= 0) return; let i = 0; for (const x of it) { yield x; if (++i >= n) return; } },
  *drop(it, n) { let i = 0; for (const x of it) if (i++ >= n) yield x; },
  *flatMap(it, f) { let i = 0; for (const x of it) yield* f(x, i++); },
  toArray: (it) => [...it],
  forEach: (it, f) => { let i = 0; for (const x of it) f(x, i++); },
  some: (it, f) => { let i = 0; for (const x of it) if (f(x, i++)) return true; return false; },
  every: (it, f) => { let i = 0; for (const x of it) if (!f(x, i++)) return false; return true; },
  find: (it, f) => { let i = 0; for (const x of it) if (f(x, i++)) return x; return undefined; },
  reduce: (it, ...args) => [...it].reduce(...args),
})) {
  add(Iterators, name, function (...args) { return f(this, ...args); });
}

// Nothing is collected that somebody could look for: a reference is as good as a weak one.
add(global, 'WeakRef', class WeakRef { #target; constructor(target) { this.#target = target; } deref() { return this.#target; } });
add(global, 'FinalizationRegistry', class FinalizationRegistry { register() {} unregister() { return false; } });

// Numbers in the way of en-US, which is what a load script's machine speaks.
Object.defineProperty(Number.prototype, 'toLocaleString', {
  writable: true,
  configurable: true,
  value(locale, options = {}) {
    const n = Number(this);
    if (!Number.isFinite(n)) return Number.isNaN(n) ? 'NaN' : n < 0 ? '-∞' : '∞';
    const { minimumFractionDigits: low = 0, useGrouping = true } = options;
    const { maximumFractionDigits: high = Math.max(low, 3) } = options;
    let [whole, part = ''] = Math.abs(n).toFixed(high).split('.');
    part = part.replace(/0+$/, '').padEnd(low, '0');
    if (useGrouping) whole = whole.replace(/\B(?=(\d{3})+$)/g, ',');
    return (n < 0 ? '-' : '') + whole + (part ? '.' + part : '');
  },
});

// Named groups of regular expressions: the engine numbers them as .NET does. A bundle has expressions with such groups,
// or with the flag d, as calls of RegExp: here they become plain groups, with their names kept beside.
const Native = RegExp;
const names = new WeakMap();
const special = /\(\?<(?![=!])|[dv]/;

// plain rewrites (?<name>...) and \k<name>, and says which group has which name.
const plain = (source) => {
  const found = {};
  let text = '', count = 0, inClass = false;
  for (let i = 0; i < source.length; i++) {
    const c = source[i];
    if (c === '\\') {
      text += c + (source[++i] || '');
    } else if (inClass || c === '[') {
      inClass = c !== ']';
      text += c;
    } else if (c === '(' && source[i + 1] !== '?') {
      count++;
      text += c;
    } else if (c === '(' && source[i + 2] === '<' && source[i + 3] !== '=' && source[i + 3] !== '!') {
      const end = source.indexOf('>', i);
      (found[source.slice(i + 3, end)] ||= []).push(++count);
      text += '(';
      i = end;
    } else {
      text += c;
    }
  }
  return [text.replace(/\\k<([^>]+)>|\\[^]/g, (all, name) => (name && found[name] ? '(?:\\' + found[name][0] + ')' : all)), found];
};

const make = (source, flags, target) => {
  const [text, found] = plain(source);
  const indices = flags.includes('d');
  const made = Reflect.construct(Native, [text, flags.replace('d', '').replace('v', 'u')], target);
  Object.defineProperty(made, 'exec', { value: exec, writable: true, configurable: true });
  Object.defineProperty(made, Symbol.replace, { value: replace, writable: true, configurable: true });
  Object.defineProperty(made, 'constructor', { value: RegExpWithNames, writable: true, configurable: true });
  Object.defineProperty(made, 'source', { value: source, configurable: true });
  Object.defineProperty(made, 'flags', { value: flags, configurable: true });
  if (indices) Object.defineProperty(made, 'hasIndices', { value: true, configurable: true });
  names.set(made, { found, indices });
  return made;
};

function exec(text) {
  const match = Native.prototype.exec.call(this, text);
  const known = names.get(this);
  if (!match || !known) return match;
  const groups = Object.create(null);
  for (const [name, at] of Object.entries(known.found)) groups[name] = match[at.find((i) => match[i] !== undefined) || at[0]];
  match.groups = Object.keys(groups).length > 0 ? groups : undefined;
  if (known.indices) match.indices = indicesOf(match, groups);
  return match;
}

// replace is what replace and replaceAll of a text call.
function replace(text, by) {
  const all = String(text), found = [];
  if (this.global) this.lastIndex = 0;
  for (let match = this.exec(all); match; match = this.global ? this.exec(all) : null) {
    found.push(match);
    if (match[0] === '') this.lastIndex++;
  }
  let made = '', end = 0;
  for (const match of found) {
    made += all.slice(end, match.index) + (typeof by === 'function' ? by(...match, match.index, all, ...(match.groups ? [match.groups] : [])) : expanded(String(by), match, all));
    end = match.index + match[0].length;
  }
  return made + all.slice(end);
}

const expanded = (by, match, all) => by.replace(/\$(?:\$|&|`|'|(\d\d?)|<([^>]*)>)/g, (mark, number, name) => {
  switch (mark[1]) {
    case '$': return '$';
    case '&': return match[0];
    case '`': return all.slice(0, match.index);
    case "'": return all.slice(match.index + match[0].length);
    case '<': return match.groups ? (match.groups[name] === undefined ? '' : match.groups[name]) : mark;
    default: return Number(number) > 0 && Number(number) < match.length ? (match[Number(number)] === undefined ? '' : match[Number(number)]) : mark;
  }
});

// indicesOf says where the groups are: exact for the whole match, and for a group where its text first stands in it.
const indicesOf = (match, groups) => {
  const place = (text) => {
    if (text === undefined) return undefined;
    const at = match.index + match[0].indexOf(text);
    return [at, at + text.length];
  };
  const all = Array.from(match, place);
  all.groups = match.groups && Object.fromEntries(Object.keys(groups).map((name) => [name, place(groups[name])]));
  return all;
};

function RegExpWithNames(pattern, flags) {
  const source = pattern instanceof Native ? pattern.source : pattern === undefined ? '' : String(pattern);
  const all = flags === undefined ? (pattern instanceof Native ? pattern.flags : '') : String(flags);
  if (!special.test(source.includes('(?<') ? source : all)) return Reflect.construct(Native, [pattern, flags], new.target || Native);
  return make(source, all, new.target || Native);
}
Object.setPrototypeOf(RegExpWithNames, Native);
RegExpWithNames.prototype = Native.prototype;
Object.defineProperty(RegExpWithNames, 'name', { value: 'RegExp' });
global.RegExp = RegExpWithNames;
