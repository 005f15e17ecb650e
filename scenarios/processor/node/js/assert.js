// Assertions.
const { inspect, equal } = require('util');

class AssertionError extends Error {
  constructor({ message, actual, expected, operator }) {
    super(message !== undefined ? String(message) : `${inspect(actual)} ${operator} ${inspect(expected)}`);
    Object.assign(this, { name: 'AssertionError', code: 'ERR_ASSERTION', generatedMessage: message === undefined, actual, expected, operator });
  }
}

const fail = (message, otherwise, actual, expected, operator) => {
  if (message instanceof Error) throw message;
  const made = new AssertionError({ message: message === undefined ? otherwise : message, actual, expected, operator });
  made.generatedMessage = message === undefined;
  throw made;
};
const pair = (head, a, b) => `${head}\n\n${inspect(a)} !== ${inspect(b)}\n`;

const ok = (value, message) => { if (!value) fail(message, 'The expression evaluated to a falsy value', value, true, '=='); };
const assert = (value, message) => ok(value, message);

const compare = (operator, head, holds) => (a, b, message) => { if (!holds(a, b)) fail(message, pair(head, a, b), a, b, operator); };

// matches tells whether what was thrown is what was expected: a class, an expression, a function or members.
const matches = (err, expected, message) => {
  if (expected === undefined || typeof expected === 'string') return;
  if (expected instanceof RegExp) { if (!expected.test(String(err))) fail(message, `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(err))}\n`, err, expected, 'throws'); return; }
  if (typeof expected === 'function') {
    if (expected.prototype !== undefined && err instanceof expected) return;
    if (Error.isPrototypeOf(expected)) throw err;
    if (expected.call({}, err) !== true) fail(message, 'The validation function is expected to return "true"', err, expected, 'throws');
    return;
  }
  for (const key of Object.keys(expected)) {
    if (expected[key] instanceof RegExp && typeof err[key] === 'string' ? !expected[key].test(err[key]) : !equal(err[key], expected[key], true)) fail(message, `Expected values to be strictly deep-equal: ${key}`, err, expected, 'throws');
  }
};

const said = (expected, message) => (typeof expected === 'string' ? expected : message);
const missing = (operator, expected, message) => {
  const what = operator === 'throws' ? 'Missing expected exception' : 'Missing expected rejection';
  const words = said(expected, message);
  fail(words instanceof Error ? words : undefined, what + (typeof expected === 'function' && Error.isPrototypeOf(expected) ? ` (${expected.name})` : '') + (words === undefined ? '.' : `: ${words}`), undefined, expected, operator);
};
const unwanted = (what, words, err) => `Got unwanted ${what}${words === undefined ? '.' : ': ' + words}\nActual message: "${err && err.message}"`;
const started = async (f) => (typeof f === 'function' ? f() : f);

Object.assign(assert, {
  ok, AssertionError,
  equal: compare('==', 'Expected values to be loosely equal:', (a, b) => a == b || (a !== a && b !== b)),
  notEqual: compare('!=', 'Expected "actual" to be loosely unequal to:', (a, b) => !(a == b)),
  strictEqual: compare('strictEqual', 'Expected values to be strictly equal:', Object.is),
  notStrictEqual: compare('notStrictEqual', 'Expected "actual" to be strictly unequal to:', (a, b) => !Object.is(a, b)),
  deepEqual: compare('deepEqual', 'Expected values to be loosely deep-equal:', (a, b) => equal(a, b, false)),
  notDeepEqual: compare('notDeepEqual', 'Expected "actual" not to be loosely deep-equal to:', (a, b) => !equal(a, b, false)),
  deepStrictEqual: compare('deepStrictEqual', 'Expected values to be strictly deep-equal:', (a, b) => equal(a, b, true)),
  notDeepStrictEqual: compare('notDeepStrictEqual', 'Expected "actual" not to be strictly deep-equal to:', (a, b) => !equal(a, b, true)),
  match(text, pattern, message) { if (typeof text !== 'string' || !pattern.test(text)) fail(message, `The input did not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`, text, pattern, 'match'); },
  doesNotMatch(text, pattern, message) { if (typeof text === 'string' && pattern.test(text)) fail(message, `The input was expected to not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`, text, pattern, 'doesNotMatch'); },
  fail(message = 'Failed') { fail(message, undefined, undefined, undefined, 'fail'); },
  ifError(value) { if (value !== null && value !== undefined) fail(undefined, `ifError got unwanted exception: ${value instanceof Error ? value.message : inspect(value)}`, value, null, 'ifError'); },
  throws(f, expected, message) {
    try { f(); } catch (err) { matches(err, expected, said(expected, message)); return; }
    missing('throws', expected, message);
  },
  doesNotThrow(f, expected, message) {
    try { f(); } catch (err) { fail(undefined, unwanted('exception', said(expected, message), err), err, expected, 'doesNotThrow'); }
  },
  async rejects(f, expected, message) {
    try { await started(f); } catch (err) { matches(err, expected, said(expected, message)); return; }
    missing('rejects', expected, message);
  },
  async doesNotReject(f, expected, message) {
    try { await started(f); } catch (err) { fail(undefined, unwanted('rejection', said(expected, message), err), err, expected, 'doesNotReject'); }
  },
});

const strict = (value, message) => ok(value, message);
Object.assign(strict, assert, { equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual });
assert.strict = strict.strict = strict;
module.exports = assert;
