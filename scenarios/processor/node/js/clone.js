// structuredClone.
const { types } = require('util');
const { DOMException } = require('events');

const refuse = (v) => { throw new DOMException(`${typeof v === 'symbol' ? String(v) : typeof v === 'function' ? String(v).slice(0, 60) : '#<Object>'} could not be cloned.`, 'DataCloneError'); };

const clone = (v, known) => {
  if (typeof v === 'symbol' || typeof v === 'function') refuse(v);
  if (v === null || typeof v !== 'object') return v;
  if (known.has(v)) return known.get(v);
  const keep = (made) => { known.set(v, made); return made; };
  if (Array.isArray(v)) {
    const made = keep(new Array(v.length));
    for (const key of Object.keys(v)) made[key] = clone(v[key], known);
    return made;
  }
  if (types.isDate(v)) return keep(new Date(v.getTime()));
  if (types.isRegExp(v)) return keep(new RegExp(v.source, v.flags));
  if (types.isBoxedPrimitive(v)) return keep(Object(v.valueOf()));
  if (types.isArrayBuffer(v)) return keep(v.slice(0));
  if (types.isTypedArray(v)) {
    const Kind = v instanceof Uint8Array ? Uint8Array : v.constructor;
    return keep(Kind.from(v));
  }
  if (types.isDataView(v)) return keep(new DataView(clone(v.buffer, known), v.byteOffset, v.byteLength));
  if (types.isMap(v)) {
    const made = keep(new Map());
    for (const [key, value] of v) made.set(clone(key, known), clone(value, known));
    return made;
  }
  if (types.isSet(v)) {
    const made = keep(new Set());
    for (const value of v) made.add(clone(value, known));
    return made;
  }
  if (v instanceof Error) {
    const Kind = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }[v.name] || Error;
    const made = keep(new Kind(v.message));
    if (v.stack !== undefined) Object.defineProperty(made, 'stack', { value: v.stack, writable: true, configurable: true });
    if ('cause' in v) Object.defineProperty(made, 'cause', { value: clone(v.cause, known), writable: true, configurable: true });
    return made;
  }
  if (types.isPromise(v) || types.isWeakMap(v) || types.isWeakSet(v)) refuse(v);
  const made = keep({});
  for (const key of Object.keys(v)) made[key] = clone(v[key], known);
  return made;
};

exports.structuredClone = function structuredClone(value) {
  if (arguments.length === 0) throw new TypeError("The \"value\" argument must be specified");
  return clone(value, new Map());
};
