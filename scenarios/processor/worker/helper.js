// What the worker itself runs in JavaScript. The value of the whole is an object of functions, made before any source is
// evaluated, so that nothing a source does to the globals is noticed here.
(function () {
  'use strict';
  const { isView } = ArrayBuffer;
  const { parse, stringify } = JSON;
  const text = String;
  const Bytes = Uint8Array;
  const Buf = ArrayBuffer;
  return {
    parse,
    isBinary: (value) => isView(value) || value instanceof Buf,
    bytes: (value) => (isView(value) ? new Bytes(value.buffer, value.byteOffset, value.byteLength) : new Bytes(value)),

    // The JSON text of a value, undefined if it has none: a function, a circle, what throws.
    json: (value) => { try { return stringify(value); } catch (e) { return undefined; } },

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
  };
})()
