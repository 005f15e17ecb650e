package node_test

import "testing"

func TestUtilIsNodes(t *testing.T) {
	agree(t, `
const {inspect} = require('util');
return inspect({a: 1, b: 'x', c: [1, 2, {d: {e: {f: 1}}}], g: null, h: undefined, 'i-j': true, [Symbol('k')]: 1n})

const {inspect} = require('util');
return inspect([undefined, null, -0, NaN, 'it\'s', "a\nb", () => {}, function named() {}, class A {}, Symbol('x'), 10n])

const {inspect} = require('util');
return inspect(new Map([['a', {b: 1}], [1, [2]]])) + inspect(new Set([1, 'x'])) + inspect(new Map()) + inspect(new Set()) + inspect({}) + inspect([])

const {inspect} = require('util');
return inspect(new Date(0)) + inspect(/a/g) + inspect(new Date(NaN)) + inspect(Object(1)) + inspect(Object('s')) + inspect(Buffer.from('hi')) + inspect(new Uint8Array([1, 2]))

const {inspect} = require('util');
class P { constructor() { this.x = 1 } };
class Q extends P {};
return inspect(new Q()) + inspect(Object.create(null)) + inspect({get a() { return 1 }, set a(v) {}, get b() { return 1 }})

const {inspect} = require('util');
const o = {n: 1};
o.self = o;
return inspect(o) + inspect({deep: {a: {b: {c: {}}}}}) + inspect({deep: {a: {b: {c: {}}}}},
  {depth: 0}) + inspect({a: {b: {c: {d: 1}}}}, {depth: null})

const {inspect} = require('util');
return inspect({text: 'x'.repeat(80), other: 'y'.repeat(20)})

const {inspect} = require('util');
return inspect({a: {b: {c: 1}}, d: 'some words that take some room', e: 'and a few more of them', f: 'to break the line'})

const {inspect} = require('util');
return inspect(Array.from({length: 120}, (_, i) => i))

const {inspect} = require('util');
return inspect({[inspect.custom]: () => 'mine'}) + inspect([{[inspect.custom](d, o) { return {d} }}]) + inspect('top') + inspect(new (class extends Map {})())

const {format} = require('util');
return format('%s %d %i %f %j %o %O %%', 'a', '1.5', '2.9', '3.5', {a: 1}, {q: 1},
  {b: {c: {}}}) + format('%s', null, undefined, 1n) + format('a', 'b', {c: 1}) + format(1, 2) + format()

const {format} = require('util');
return [format('%s', {a: 1}), format('%s', [1, 2]), format('%d', 'x'), format('%x', 1), format('%s'),
  format('%c%s', 'css', 'x'), format('100%', 1), format('%s', class A {}), format('%s', -0),
  format('%d', {}), format('%s', Symbol('q'))].join('|')

const {promisify} = require('util');
return await promisify((a, b, done) => done(null, a + b))(1, 2)

const {promisify} = require('util');
return await promisify((done) => done(new Error('no')))()

const {promisify} = require('util');
return promisify('x')

const {callbackify} = require('util');
return await new Promise((r) => callbackify(async (x) => x * 2)(4, (e, v) => r(v)))

const u = require('util');
function A() {} function B() {} u.inherits(A, B);
return [new A() instanceof B, A.super_ === B].join()

const {isDeepStrictEqual: q} = require('util');
return [q({a: [1, {b: 2}]}, {a: [1, {b: 2}]}), q([1], ['1']),
  q(new Map([[1, {a: 1}]]), new Map([[1, {a: 1}]])), q(new Set([{a: 1}]), new Set([{a: 1}])),
  q(new Date(1), new Date(1)), q(/a/g, /a/i), q(NaN, NaN), q(0, -0), q({}, []),
  q(Buffer.from('a'), Buffer.from('a')), q({a: undefined}, {})].join()

const {types: t} = require('util');
return [t.isDate(new Date()), t.isRegExp(/x/), t.isPromise(Promise.resolve()), t.isMap(new Map()),
  t.isUint8Array(Buffer.alloc(1)), t.isTypedArray(new DataView(new ArrayBuffer(1))),
  t.isNativeError(new TypeError()), t.isAsyncFunction(async () => {}), t.isArrayBufferView(Buffer.alloc(1)),
  t.isBoxedPrimitive(Object(1))].join()

const u = require('util');
return u.stripVTControlCharacters('\u001b[31mred\u001b[0m') + u.deprecate(() => 'x',
  'm')() + typeof u.debuglog('x') + u.types.isProxy({})

const q = require('querystring');
return q.stringify({a: [1, 'x y'], b: '', c: true, d: null, e: undefined, f: {}, 'g h': 'é'}) + '|' + JSON.stringify(q.parse('a=1&a=2&b=%E9&c&d=x+y&=z&e=%zz')) + q.escape('a&b') + q.unescape('%41%')

const q = require('querystring');
return JSON.stringify(q.parse('a:1;b:2', ';', ':')) + q.stringify({a: 1, b: [2, 3]}, ';',
  ':') + JSON.stringify(q.parse('')) + JSON.stringify(q.parse('a=1&b=2&c=3', null, null, {maxKeys: 2}))

const o = {d: new Date(5), m: new Map([[1, {x: 1}]]), s: new Set([1]), r: /x/gi, b: new Uint8Array([1, 2]),
  n: null, u: undefined, e: new TypeError('t')};
o.self = o;
const c = structuredClone(o);
return [c !== o, c.self === c, c.d.getTime(), c.m.get(1).x, c.s.has(1), String(c.r), c.b.join(), 'u' in c,
  c.e instanceof TypeError, c.e.message].join()

return structuredClone({f() {}})

return structuredClone(Symbol('x'))
`)
}

func TestPathIsNodes(t *testing.T) {
	agree(t, `
const p = require('path');
return ['', '.', '/', '//', 'a//b/../c/', './a', '../../a', '/../a', 'a/..', '/a/./b/..//', 'a/../..',
  '..'].map((x) => p.normalize(x)).join('|')

const p = require('path');
return [p.join(), p.join('a', '', '../b'), p.join('/a', '/b'), p.join('..', 'a'), p.join('a', '..', '..'),
  p.join('a/', './b/')].join('|')

const p = require('path');
return [p.resolve('/a', 'b', '../c'), p.resolve('/a', '/b'), p.resolve('/'), p.resolve('/a/', '.'),
  p.resolve() === process.cwd()].join('|')

const p = require('path');
return ['', '/', '/a', 'a', 'a/b', '/a/b/', 'a//b', '//a',
  './a'].map((x) => p.dirname(x) + ',' + p.basename(x) + ',' + p.extname(x)).join('|')

const p = require('path');
return ['.x', 'a.b.c', 'a.', '..', '.a.b', 'a/.x',
  'x.tar.gz/'].map((x) => p.extname(x)).join('|') + p.basename('a/b.js', '.js') + p.basename('.js',
  '.js') + p.basename('b.js', 'x')

const p = require('path');
return [p.relative('/a/b/c', '/a/d'), p.relative('/a', '/a'), p.relative('/a/b', '/'),
  p.relative('/', '/x/y')].join('|')

const p = require('path');
return ['/a/b.c', 'b', '/', '', './x/y.z', '/a', 'a/'].map((x) => JSON.stringify(p.parse(x))).join('|')

const p = require('path');
return [p.format({dir: '/a', base: 'b'}), p.format({root: '/', name: 'x', ext: '.y'}),
  p.format({name: 'x', ext: 'y'}),
  p.format({})].join('|') + p.sep + p.delimiter + p.isAbsolute('a') + p.isAbsolute('/a')

return require('path').join('a', 5)

return require('path').basename()
`)
}

func TestURLIsNodes(t *testing.T) {
	agree(t, `
const u = new URL('HTTP://us%65r:p@EXAMPLE.com:80/a/../b?x=1&y=a b#h');
return [u.href, u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname,
  u.search, u.hash].join('|')

return ['http://[::1]:8080/x', 'https://münchen.de/ä?ö#ü', 'file:///a/b', 'mailto:a@b', 'http://1.2.3/',
  'http://a/%zz?%zz', 'http://a b/',
  'data:text/plain,x'].map((x) => { try { return new URL(x).href } catch (e) { return e.code } }).join('|')

return [new URL('../c?d', 'http://h/a/b/x').href, new URL('//other/x', 'https://h').href,
  new URL('?q', 'http://h/p#f').href, new URL('#f', 'http://h/p').href].join('|')

return new URL('/relative')

return new URL()

const u = new URL('http://h/');
u.pathname = '/a b';
u.search = 'x=1';
u.searchParams.append('y', 'ä &');
u.hash = 'z';
u.port = '8080';
u.host = 'k:9';
u.protocol = 'https';
u.username = 'me@';
return u.href + u.searchParams.get('x')

const u = new URL('http://h/?a=1&a=2&b=3');
u.searchParams.delete('a');
u.searchParams.set('c', 'é');
return [u.href, u.searchParams.size, [...u.searchParams.keys()].join(), u.searchParams.has('b', '4')].join('|')

const u = new URL('http://h/?a=1');
const s = u.searchParams;
u.search = '?b=2';
return s.get('b') + s.get('a') + (s === u.searchParams);


const s = new URLSearchParams({a: 1, b: 'x y'});
s.append('a', 2);
s.sort();
return s + '|' + s.getAll('a') + new URLSearchParams([['a', 'b']]) + new URLSearchParams('?q=%20+&r') + new URLSearchParams(new Map([['k', 'v*~!()']]))

return new URLSearchParams([['a']])

return JSON.stringify({u: new URL('http://h')}) + URL.canParse('x') + URL.canParse('x',
  'http://h') + Object.prototype.toString.call(new URL('http://h'))

const {inspect} = require('util');
return inspect(new URL('http://u:p@h:8/p?a=b#c')) + inspect(new URLSearchParams('a=b'))

const u = require('url').parse('http://user:pa%20ss@Host:8080/p/a?x=1&y=2#h', true);
return JSON.stringify([u.protocol, u.auth, u.host, u.port, u.hostname, u.pathname, u.search, u.query, u.path, u.hash, u.href, u.slashes])

const {parse} = require('url');
return ['/a?b#c', 'a/b', '//h/p', 'http://h',
  ''].map((x) => { const u = parse(x); return [u.protocol, u.host, u.pathname, u.search, u.hash, u.href].join() }).join('|')

const {format} = require('url');
return [format({protocol: 'http', host: 'h:1', pathname: 'a', query: {b: 1}}),
  format({hostname: 'h', port: 2, slashes: true}),
  format(new URL('http://u:p@h/?q#f'), {auth: false, fragment: false, search: false}),
  format('http://h')].join('|')

const {resolve} = require('url');
return [resolve('/one/two/three', 'four'), resolve('http://example.com/', '/one'),
  resolve('http://example.com/one', '/two')].join('|')

const u = require('url');
return [u.fileURLToPath('file:///a%20b'), u.pathToFileURL('/a b#c').href, u.domainToASCII('español.com'),
  JSON.stringify(u.urlToHttpOptions(new URL('http://h:1/p?q')).path)].join('|')

return require('url').fileURLToPath('http://x')
`)
}

func TestEventsAreNodes(t *testing.T) {
	agree(t, `
const E = require('events');
const e = new E(), s = [];
e.on('a', (x) => s.push('1' + x));
e.prependListener('a', (x) => s.push('0' + x));
e.once('a', (x) => s.push('o' + x));
e.emit('a', 'x');
e.emit('a', 'y');
return s.join() + e.emit('none') + e.listenerCount('a') + e.eventNames()

const {EventEmitter: E} = require('events');
const e = new E(), f = () => {};
e.on('a', f).on('a', f);
e.off('a', f);
return e.listenerCount('a') + e.removeAllListeners('a').listenerCount('a') + String(e.rawListeners('a').length)

const E = require('events');
return new E().emit('error', new TypeError('unheard'))

const E = require('events');
return new E().emit('error', 'text')

const E = require('events');
return new E().on('x')

const E = require('events'), u = require('util');
function Old() { E.call(this) } u.inherits(Old, E);
const o = new Old();
let n = 0;
o.on('x', function () { n = this === o });
o.emit('x');
return n

const E = require('events');
const e = new E(), s = [];
e.on('newListener', (n) => s.push(n));
e.on('a', () => {});
e.on('removeListener', (n) => s.push('-' + n));
e.removeAllListeners('zz');
e.off('a', e.listeners('a')[0]);
return s.join()

const E = require('events');
const e = new E();
const p = E.once(e, 'go');
e.emit('go', 1, 2);
return (await p).join()

class X extends require('events') { constructor() { super(); this.v = 1 } };
const x = new X();
x.on('a', (v) => { x.v += v });
x.emit('a', 2);
return x.v + E1(x);
function E1(y) { return y instanceof require('events').EventEmitter }

const c = new AbortController();
const s = [];
c.signal.addEventListener('abort', (e) => s.push(e.type));
c.signal.onabort = () => s.push('on');
c.abort();
return s.sort().join() + c.signal.aborted + c.signal.reason.name

const s = AbortSignal.abort(new Error('why'));
s.throwIfAborted()

const t = new EventTarget();
let n = 0;
t.addEventListener('x', () => n++, {once: true});
t.dispatchEvent(new Event('x'));
t.dispatchEvent(new Event('x'));
return n
`)
}

func TestAssertIsNodes(t *testing.T) {
	agree(t, `
const a = require('assert');
a(1);
a.ok(true);
a.equal(1, '1');
a.strictEqual(1, 1);
a.deepEqual({a: 1}, {a: '1'});
a.deepStrictEqual([1], [1]);
a.notEqual(1, 2);
a.match('abc', /b/);
a.throws(() => { throw new TypeError('x') }, TypeError);
a.throws(() => { throw new Error('abc') }, /b/);
a.throws(() => { throw new Error('m') }, {message: 'm'});
a.doesNotThrow(() => {});
await a.rejects(Promise.reject(new Error('r')), /r/);
a.ifError(null);
return 'held'

try { require('assert').strictEqual(1, 2, 'said') } catch (e) { return [e.name, e.code, e.actual, e.expected, e.operator, e.generatedMessage].join() }

try { require('assert').deepStrictEqual({a: 1}, {a: '1'}) } catch (e) { return [e.name, e.code, e.generatedMessage].join() }

require('assert').equal(1, 2, new RangeError('own'))

require('assert').fail('bad')

require('assert').throws(() => {}, /x/, 'missing')

require('assert').throws(() => {})

require('assert').doesNotThrow(() => { throw new Error('in') }, 'said')

require('assert').ifError(new Error('given'))

const {strict} = require('assert');
try { strict.equal(1, '1') } catch (e) { return e.code }
`)
}
