// What the worker itself runs in JavaScript. The value of the whole is an object of functions, made before any source is
// evaluated, so that nothing a source does to the globals is noticed here.
(function () {
  'use strict';
  const { isView } = ArrayBuffer;
  const { parse, stringify } = JSON;
  const text = String;
  const Bytes = Uint8Array;
  const Buf = ArrayBuffer;
  const { entries } = Object;
  const { random, floor } = Math;
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  const uncurry = Function.prototype.call.bind(Function.prototype.bind, Function.prototype.call);
  const replace = uncurry(String.prototype.replace);
  const frames = /^\tat (.*?)\(\d+\)(\)?)$/gm; // of the engine's stacks: "f (p.js:1:2(3))"
  return {
    parse,
    stringify,
    isBinary: (value) => isView(value) || value instanceof Buf,
    bytes: (value) => (isView(value) ? new Bytes(value.buffer, value.byteOffset, value.byteLength) : new Bytes(value)),

    // The JSON text of a value, undefined if it has none: a function, a circle, what throws.
    json: (value) => { try { return stringify(value); } catch (e) { return undefined; } },

    then: (value) => value.then,
    members: (object) => entries(object),
    // An exported function and how many arguments it takes; export default {...} counts.
    find: (exports, name) => {
      let f = exports[name];
      if (f === undefined && exports.default !== null && typeof exports.default === 'object') f = exports.default[name];
      return typeof f === 'function' ? [f, f.length] : undefined;
    },

    // The name of what was thrown: its code or message as Artillery has it, else its text.
    message: (value) => {
      try {
        if (value !== null && (typeof value === 'object' || typeof value === 'function')) {
          for (const key of ['code', 'message']) {
            const v = value[key];
            if (v !== undefined && v !== null && text(v) !== '') return text(v);
          }
        }
        return text(value);
      } catch (e) {
        return '';
      }
    },

    // The console: print takes a line, format and inspect are those of Node's util, now is in milliseconds.
    console: (print, format, inspect, now) => {
      let indent = '';
      const counts = new Map();
      const timers = new Map();
      const log = (...args) => {
        const line = replace(format(...args), frames, '    at $1$2');
        print(indent === '' ? line : indent + line.split('\n').join('\n' + indent));
      };
      const lasted = (label) => `${label}: ${(now() - timers.get(label)).toFixed(3)}ms`;
      const group = (...args) => { if (args.length > 0) log(...args); if (indent.length < 100) indent += '  '; };
      return {
        log, info: log, debug: log, warn: log, error: log, group, groupCollapsed: group,
        groupEnd: () => { indent = indent.slice(2); },
        dir: (value, options) => log(inspect(value, options)),
        dirxml: log,
        table: (value) => log(inspect(value)),
        trace: (...args) => log(new Error(format(...args)).stack.replace(/^Error/, 'Trace')),
        assert: (truth, ...args) => { if (!truth) log('Assertion failed' + (args.length > 0 ? ': ' + format(...args) : '')); },
        count: (label = 'default') => {
          if (counts.size < 1000 || counts.has(label)) counts.set(label, (counts.get(label) || 0) + 1);
          log(`${label}: ${counts.get(label)}`);
        },
        countReset: (label = 'default') => { counts.delete(label); },
        time: (label = 'default') => { if (timers.size < 1000) timers.set(label, now()); },
        timeLog: (label = 'default', ...args) => { if (timers.has(label)) log(lasted(label), ...args); },
        timeEnd: (label = 'default') => { if (timers.has(label)) { log(lasted(label)); timers.delete(label); } },
      };
    },

    // context.funcs, as Artillery has them.
    funcs: {
      $randomNumber: (min, max) => floor(random() * (max - min + 1)) + min,
      $randomString: (length = 10) => {
        let s = '';
        while (s.length < length) s += letters.charAt(floor(random() * letters.length));
        return s;
      },
      $template: () => { throw new Error('context.funcs.$template is not available: a function has context.vars'); },
    },
  };
})()
