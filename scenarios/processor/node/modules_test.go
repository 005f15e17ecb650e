package node_test

import "testing"

func TestUtilIsNodes(t *testing.T) {
	agree(t, `
const {inspect} = require('util'); return inspect({a: 1, b: 'x', c: [1, 2, {d: {e: {f: 1}}}], g: null, h: undefined, 'i-j': true, [Symbol('k')]: 1n})
const {inspect} = require('util'); return inspect([undefined, null, -0, NaN, 'it\'s', "a\nb", () => {}, function named() {}, class A {}, Symbol('x'), 10n])
const {inspect} = require('util'); return inspect(new Map([['a', {b: 1}], [1, [2]]])) + inspect(new Set([1, 'x'])) + inspect(new Map()) + inspect(new Set()) + inspect({}) + inspect([])
const {inspect} = require('util'); return inspect(new Date(0)) + inspect(/a/g) + inspect(new Date(NaN)) + inspect(Object(1)) + inspect(Object('s')) + inspect(Buffer.from('hi')) + inspect(new Uint8Array([1, 2]))
const {inspect} = require('util'); class P { constructor() { this.x = 1 } }; class Q extends P {}; return inspect(new Q()) + inspect(Object.create(null)) + inspect({get a() { return 1 }, set a(v) {}, get b() { return 1 }})
const {inspect} = require('util'); const o = {n: 1}; o.self = o; return inspect(o) + inspect({deep: {a: {b: {c: {}}}}}) + inspect({deep: {a: {b: {c: {}}}}}, {depth: 0}) + inspect({a: {b: {c: {d: 1}}}}, {depth: null})
const {inspect} = require('util'); return inspect({text: 'x'.repeat(80), other: 'y'.repeat(20)})
const {inspect} = require('util'); return inspect({a: {b: {c: 1}}, d: 'some words that take some room', e: 'and a few more of them', f: 'to break the line'})
const {inspect} = require('util'); return inspect(Array.from({length: 120}, (_, i) => i))
const {inspect} = require('util'); return inspect({[inspect.custom]: () => 'mine'}) + inspect([{[inspect.custom](d, o) { return {d} }}]) + inspect('top') + inspect(new (class extends Map {})())
const {format} = require('util'); return format('%s %d %i %f %j %o %O %%', 'a', '1.5', '2.9', '3.5', {a: 1}, {q: 1}, {b: {c: {}}}) + format('%s', null, undefined, 1n) + format('a', 'b', {c: 1}) + format(1, 2) + format()
const {format} = require('util'); return [format('%s', {a: 1}), format('%s', [1, 2]), format('%d', 'x'), format('%x', 1), format('%s'), format('%c%s', 'css', 'x'), format('100%', 1), format('%s', class A {}), format('%s', -0), format('%d', {}), format('%s', Symbol('q'))].join('|')
const {promisify} = require('util'); return await promisify((a, b, done) => done(null, a + b))(1, 2)
const {promisify} = require('util'); return await promisify((done) => done(new Error('no')))()
const {promisify} = require('util'); return promisify('x')
const {callbackify} = require('util'); return await new Promise((r) => callbackify(async (x) => x * 2)(4, (e, v) => r(v)))
const u = require('util'); function A() {} function B() {} u.inherits(A, B); return [new A() instanceof B, A.super_ === B].join()
const {isDeepStrictEqual: q} = require('util'); return [q({a: [1, {b: 2}]}, {a: [1, {b: 2}]}), q([1], ['1']), q(new Map([[1, {a: 1}]]), new Map([[1, {a: 1}]])), q(new Set([{a: 1}]), new Set([{a: 1}])), q(new Date(1), new Date(1)), q(/a/g, /a/i), q(NaN, NaN), q(0, -0), q({}, []), q(Buffer.from('a'), Buffer.from('a')), q({a: undefined}, {})].join()
const {types: t} = require('util'); return [t.isDate(new Date()), t.isRegExp(/x/), t.isPromise(Promise.resolve()), t.isMap(new Map()), t.isUint8Array(Buffer.alloc(1)), t.isTypedArray(new DataView(new ArrayBuffer(1))), t.isNativeError(new TypeError()), t.isAsyncFunction(async () => {}), t.isArrayBufferView(Buffer.alloc(1)), t.isBoxedPrimitive(Object(1))].join()
const u = require('util'); return u.stripVTControlCharacters('\u001b[31mred\u001b[0m') + u.deprecate(() => 'x', 'm')() + typeof u.debuglog('x') + u.types.isProxy({})
const q = require('querystring'); return q.stringify({a: [1, 'x y'], b: '', c: true, d: null, e: undefined, f: {}, 'g h': 'é'}) + '|' + JSON.stringify(q.parse('a=1&a=2&b=%E9&c&d=x+y&=z&e=%zz')) + q.escape('a&b') + q.unescape('%41%')
const q = require('querystring'); return JSON.stringify(q.parse('a:1;b:2', ';', ':')) + q.stringify({a: 1, b: [2, 3]}, ';', ':') + JSON.stringify(q.parse('')) + JSON.stringify(q.parse('a=1&b=2&c=3', null, null, {maxKeys: 2}))
const o = {d: new Date(5), m: new Map([[1, {x: 1}]]), s: new Set([1]), r: /x/gi, b: new Uint8Array([1, 2]), n: null, u: undefined, e: new TypeError('t')}; o.self = o; const c = structuredClone(o); return [c !== o, c.self === c, c.d.getTime(), c.m.get(1).x, c.s.has(1), String(c.r), c.b.join(), 'u' in c, c.e instanceof TypeError, c.e.message].join()
return structuredClone({f() {}})
return structuredClone(Symbol('x'))
`)
}

func TestPathIsNodes(t *testing.T) {
	agree(t, `
const p = require('path'); return ['', '.', '/', '//', 'a//b/../c/', './a', '../../a', '/../a', 'a/..', '/a/./b/..//', 'a/../..', '..'].map((x) => p.normalize(x)).join('|')
const p = require('path'); return [p.join(), p.join('a', '', '../b'), p.join('/a', '/b'), p.join('..', 'a'), p.join('a', '..', '..'), p.join('a/', './b/')].join('|')
const p = require('path'); return [p.resolve('/a', 'b', '../c'), p.resolve('/a', '/b'), p.resolve('/'), p.resolve('/a/', '.'), p.resolve() === process.cwd()].join('|')
const p = require('path'); return ['', '/', '/a', 'a', 'a/b', '/a/b/', 'a//b', '//a', './a'].map((x) => p.dirname(x) + ',' + p.basename(x) + ',' + p.extname(x)).join('|')
const p = require('path'); return ['.x', 'a.b.c', 'a.', '..', '.a.b', 'a/.x', 'x.tar.gz/'].map((x) => p.extname(x)).join('|') + p.basename('a/b.js', '.js') + p.basename('.js', '.js') + p.basename('b.js', 'x')
const p = require('path'); return [p.relative('/a/b/c', '/a/d'), p.relative('/a', '/a'), p.relative('/a/b', '/'), p.relative('/', '/x/y')].join('|')
const p = require('path'); return ['/a/b.c', 'b', '/', '', './x/y.z', '/a', 'a/'].map((x) => JSON.stringify(p.parse(x))).join('|')
const p = require('path'); return [p.format({dir: '/a', base: 'b'}), p.format({root: '/', name: 'x', ext: '.y'}), p.format({name: 'x', ext: 'y'}), p.format({})].join('|') + p.sep + p.delimiter + p.isAbsolute('a') + p.isAbsolute('/a')
return require('path').join('a', 5)
return require('path').basename()
`)
}

func TestURLIsNodes(t *testing.T) {
	agree(t, `
const u = new URL('HTTP://us%65r:p@EXAMPLE.com:80/a/../b?x=1&y=a b#h'); return [u.href, u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash].join('|')
return ['http://[::1]:8080/x', 'https://münchen.de/ä?ö#ü', 'file:///a/b', 'mailto:a@b', 'http://1.2.3/', 'http://a/%zz?%zz', 'http://a b/', 'data:text/plain,x'].map((x) => { try { return new URL(x).href } catch (e) { return e.code } }).join('|')
return [new URL('../c?d', 'http://h/a/b/x').href, new URL('//other/x', 'https://h').href, new URL('?q', 'http://h/p#f').href, new URL('#f', 'http://h/p').href].join('|')
return new URL('/relative')
return new URL()
const u = new URL('http://h/'); u.pathname = '/a b'; u.search = 'x=1'; u.searchParams.append('y', 'ä &'); u.hash = 'z'; u.port = '8080'; u.host = 'k:9'; u.protocol = 'https'; u.username = 'me@'; return u.href + u.searchParams.get('x')
const u = new URL('http://h/?a=1&a=2&b=3'); u.searchParams.delete('a'); u.searchParams.set('c', 'é'); return [u.href, u.searchParams.size, [...u.searchParams.keys()].join(), u.searchParams.has('b', '4')].join('|')
const u = new URL('http://h/?a=1'); const s = u.searchParams; u.search = '?b=2'; return s.get('b') + s.get('a') + (s === u.searchParams); 
const s = new URLSearchParams({a: 1, b: 'x y'}); s.append('a', 2); s.sort(); return s + '|' + s.getAll('a') + new URLSearchParams([['a', 'b']]) + new URLSearchParams('?q=%20+&r') + new URLSearchParams(new Map([['k', 'v*~!()']]))
return new URLSearchParams([['a']])
return JSON.stringify({u: new URL('http://h')}) + URL.canParse('x') + URL.canParse('x', 'http://h') + Object.prototype.toString.call(new URL('http://h'))
const {inspect} = require('util'); return inspect(new URL('http://u:p@h:8/p?a=b#c')) + inspect(new URLSearchParams('a=b'))
const u = require('url').parse('http://user:pa%20ss@Host:8080/p/a?x=1&y=2#h', true); return JSON.stringify([u.protocol, u.auth, u.host, u.port, u.hostname, u.pathname, u.search, u.query, u.path, u.hash, u.href, u.slashes])
const {parse} = require('url'); return ['/a?b#c', 'a/b', '//h/p', 'http://h', ''].map((x) => { const u = parse(x); return [u.protocol, u.host, u.pathname, u.search, u.hash, u.href].join() }).join('|')
const {format} = require('url'); return [format({protocol: 'http', host: 'h:1', pathname: 'a', query: {b: 1}}), format({hostname: 'h', port: 2, slashes: true}), format(new URL('http://u:p@h/?q#f'), {auth: false, fragment: false, search: false}), format('http://h')].join('|')
const {resolve} = require('url'); return [resolve('/one/two/three', 'four'), resolve('http://example.com/', '/one'), resolve('http://example.com/one', '/two')].join('|')
const u = require('url'); return [u.fileURLToPath('file:///a%20b'), u.pathToFileURL('/a b#c').href, u.domainToASCII('español.com'), JSON.stringify(u.urlToHttpOptions(new URL('http://h:1/p?q')).path)].join('|')
return require('url').fileURLToPath('http://x')
`)
}

func TestEventsAreNodes(t *testing.T) {
	agree(t, `
const E = require('events'); const e = new E(), s = []; e.on('a', (x) => s.push('1' + x)); e.prependListener('a', (x) => s.push('0' + x)); e.once('a', (x) => s.push('o' + x)); e.emit('a', 'x'); e.emit('a', 'y'); return s.join() + e.emit('none') + e.listenerCount('a') + e.eventNames()
const {EventEmitter: E} = require('events'); const e = new E(), f = () => {}; e.on('a', f).on('a', f); e.off('a', f); return e.listenerCount('a') + e.removeAllListeners('a').listenerCount('a') + String(e.rawListeners('a').length)
const E = require('events'); return new E().emit('error', new TypeError('unheard'))
const E = require('events'); return new E().emit('error', 'text')
const E = require('events'); return new E().on('x')
const E = require('events'), u = require('util'); function Old() { E.call(this) } u.inherits(Old, E); const o = new Old(); let n = 0; o.on('x', function () { n = this === o }); o.emit('x'); return n
const E = require('events'); const e = new E(), s = []; e.on('newListener', (n) => s.push(n)); e.on('a', () => {}); e.on('removeListener', (n) => s.push('-' + n)); e.removeAllListeners('zz'); e.off('a', e.listeners('a')[0]); return s.join()
const E = require('events'); const e = new E(); const p = E.once(e, 'go'); e.emit('go', 1, 2); return (await p).join()
class X extends require('events') { constructor() { super(); this.v = 1 } }; const x = new X(); x.on('a', (v) => { x.v += v }); x.emit('a', 2); return x.v + E1(x); function E1(y) { return y instanceof require('events').EventEmitter }
const c = new AbortController(); const s = []; c.signal.addEventListener('abort', (e) => s.push(e.type)); c.signal.onabort = () => s.push('on'); c.abort(); return s.sort().join() + c.signal.aborted + c.signal.reason.name
const s = AbortSignal.abort(new Error('why')); s.throwIfAborted()
const t = new EventTarget(); let n = 0; t.addEventListener('x', () => n++, {once: true}); t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x')); return n
`)
}

func TestAssertIsNodes(t *testing.T) {
	agree(t, `
const a = require('assert'); a(1); a.ok(true); a.equal(1, '1'); a.strictEqual(1, 1); a.deepEqual({a: 1}, {a: '1'}); a.deepStrictEqual([1], [1]); a.notEqual(1, 2); a.match('abc', /b/); a.throws(() => { throw new TypeError('x') }, TypeError); a.throws(() => { throw new Error('abc') }, /b/); a.throws(() => { throw new Error('m') }, {message: 'm'}); a.doesNotThrow(() => {}); await a.rejects(Promise.reject(new Error('r')), /r/); a.ifError(null); return 'held'
try { require('assert').strictEqual(1, 2, 'said') } catch (e) { return [e.name, e.code, e.actual, e.expected, e.operator, e.generatedMessage].join() }
try { require('assert').deepStrictEqual({a: 1}, {a: '1'}) } catch (e) { return [e.name, e.code, e.generatedMessage].join() }
require('assert').equal(1, 2, new RangeError('own'))
require('assert').fail('bad')
require('assert').throws(() => {}, /x/, 'missing')
require('assert').throws(() => {})
require('assert').doesNotThrow(() => { throw new Error('in') }, 'said')
require('assert').ifError(new Error('given'))
const {strict} = require('assert'); try { strict.equal(1, '1') } catch (e) { return e.code } 
`)
}

func TestStreamsFlow(t *testing.T) {
	agree(t, `
const {Readable} = require('stream'); const it = Readable.from(['a', 'b'])[Symbol.asyncIterator](), all = []; let s; while (!(s = await it.next()).done) all.push(s.value); return all.join()
const {Transform, Readable, pipeline} = require('stream'); const out = []; const up = new Transform({transform(c, e, done) { done(null, String(c).toUpperCase()) }}); up.on('data', (c) => out.push(String(c))); await require('stream/promises').pipeline(Readable.from(['a', 'b']), up).catch((e) => out.push(e.message)); return out.join()
const {Writable} = require('stream'); const s = []; const w = new Writable({write(c, e, done) { s.push(c.toString()); done() }, final(done) { s.push('final'); done() }}); w.write('a'); w.end('b'); await new Promise((r) => w.on('finish', r)); return s.join()
const {Writable} = require('stream'); const w = new Writable({write(c, e, done) { done(new Error('full')) }}); w.write('a'); return await new Promise((r) => w.on('error', (e) => r(e.message)))
const {PassThrough} = require('stream'); const p = new PassThrough(); p.end('abc'); let s = ''; p.setEncoding('utf8'); p.on('data', (c) => { s += c }); await new Promise((r) => p.on('end', r)); return s
const Stream = require('stream'), u = require('util'); function Old() { Stream.call(this); this.readable = true } u.inherits(Old, Stream); const o = new Old(), s = []; o.on('data', (x) => s.push(x)); o.emit('data', 1); return s.join() + (o instanceof Stream) + (o instanceof require('events'))
const {Duplex, Writable, Readable, Transform} = require('stream'); const t = new Transform(); return [t instanceof Duplex, t instanceof Readable, t instanceof Writable, new Readable() instanceof Writable].join()
const {Readable} = require('stream'); const r = new Readable({objectMode: true, read() {}}); r.push({a: 1}); r.push(null); const it = r[Symbol.asyncIterator](), all = []; let s; while (!(s = await it.next()).done) all.push(s.value.a); return all.join()
const z = require('zlib'); const s = z.createGzip(); const parts = []; s.on('data', (c) => parts.push(c)); s.end('hello'); await new Promise((r) => s.on('end', r)); return z.gunzipSync(Buffer.concat(parts)).toString()
const z = require('zlib'); return [z.inflateSync(z.deflateSync('abc')), z.inflateRawSync(z.deflateRawSync(Buffer.from('x'))), z.brotliDecompressSync(z.brotliCompressSync('br')), z.unzipSync(z.gzipSync('u')), await require('util').promisify(z.gunzip)(z.gzipSync('p'))].join()
const z = require('zlib'); return z.gunzipSync(Buffer.from('no gzip'))
`)
}

func TestTheLanguageIsWhole(t *testing.T) {
	agree(t, `
const R = RegExp; return JSON.stringify([...new R('(?<y>\\d+)-(\\d+)', '').exec('1-2')]) + JSON.stringify(new R('(?<y>\\d+)-(?<m>\\d+)').exec('1-2').groups)
return '2020-10'.replace(new RegExp('(?<y>\\d+)-(?<m>\\d+)'), '$<m>/$<y>') + 'a1b2'.replace(new RegExp('(?<l>[a-z])(?<d>\\d)', 'g'), '$<d>$<l>')
return 'a1'.replace(new RegExp('(?<l>[a-z])(?<d>\\d)'), (...all) => JSON.stringify(all))
return [...'k=v;x=y'.matchAll(new RegExp('(?<k>\\w)=(?<v>\\w)', 'g'))].map((m) => m.groups.k + m.groups.v).join()
return new RegExp('(?<q>[\'"]).*?\\k<q>').exec('say "hi" \'x\'')[0] + 'aXbX'.split(new RegExp('(?<x>X)')).join()
const r = new RegExp('(?<a>x)', 'gi'); return [r.source, r.flags, r.global, String(r), r instanceof RegExp, r.test('X'), r.lastIndex].join()
return new RegExp('a(?<n>b)?', 'd').exec('xab').indices.groups.n.join() + new RegExp('[(?<x>]').test('(') + RegExp('a', 'g').flags + RegExp(/b/).source
return [(1234567.891).toLocaleString(), (5).toLocaleString('en-US', {minimumFractionDigits: 2}), (-1e6).toLocaleString(), (0.1).toLocaleString()].join('|')
const o = {}; Error.captureStackTrace(o); return typeof o.stack + typeof new WeakRef({a: 1}).deref().a
`)
	e := start(t) // which node 20 has not
	same(t, e, "return (await Array.fromAsync([Promise.resolve(1), 2])).join() + Map.groupBy([1, 2], (x) => x % 2).get(1)", "1,21")
	same(t, e, "return Object.groupBy([1, 2, 3], (x) => x % 2 ? 'odd' : 'even').odd.join()", "1,3")
	same(t, e, "return [...new Set([1, 2]).union(new Set([3]))].join() + new Set([1]).isSubsetOf(new Set([1, 2]))",
		"1,2,3true")
	same(t, e, "return 'a\\ud800'.isWellFormed() + 'a\\ud800'.toWellFormed()", "falsea\uFFFD")
	same(t, e, "return new Map([[1, 'a'], [2, 'b'], [3, 'c']]).values().drop(1).map((x) => x + x).toArray().join()", "bb,cc")
	same(t, e, "const it = [1, 2, 3].values(); return [it.take(2).reduce((a, b) => a + b), [4].keys().some((x) => x === 0)].join()", "3,true")
	same(t, e, "const {promise, resolve} = Promise.withResolvers(); resolve(1); return await promise", "1")
}

func TestProcessIsWhatPackagesAskFor(t *testing.T) {
	e := start(t)
	same(t, e, "return process.env.TOKEN + process.env.NONE + ('HOME' in process.env)", "secretundefinedtrue")
	same(t, e, "process.env.MINE = 'x'; return process.env.MINE", "x")
	same(t, e, "return [typeof process.hrtime()[0], typeof process.hrtime.bigint(), process.versions.node.split('.').length].join()", "number,bigint,3")
	same(t, e, "return await new Promise((r) => process.nextTick(r, 'next'))", "next")
	same(t, e, "process.exit(1)", "threw Error |  | process.exit is not available in loadgen")
	same(t, e, "return Object.prototype.toString.call(process) + process.argv[1].endsWith('p.js')",
		"[object process]true")
	same(t, e, "return process.stdout.write('x') + String(process.stdout.isTTY)", "truefalse")
	same(t, e, "const {performance: p} = require('perf_hooks'); return p === performance && p.now() >= 0", "true")
	same(t, e, "const os = require('os'); return [os.EOL === '\\n', os.cpus().length > 0, os.hostname() !== '', os.homedir()].join()", "true,true,true,/home/x")
	same(t, e, "return await require('timers/promises').setTimeout(1, 'late')", "late")
	same(t, e, "return require('no-such')", "threw Error | MODULE_NOT_FOUND | Cannot find module 'no-such'")
}

func TestAnAbsentModuleFailsByNameWhenItIsUsed(t *testing.T) {
	e := start(t)
	const load = "const m = require('absent:pkg needs net'); "
	same(t, e, load+"return [typeof m, m.__esModule, m.default === m, 'x' in m, Object.keys(m).length, m.then].join()", "function,true,true,false,0,")
	for _, use := range []string{
		"m.connect",
		"m()",
		"new m()", "m.x = 1", "const {Socket} = m", "class A extends m.Socket {}", "Object.create(Object.getPrototypeOf(m)).connect", "m.default.connect()",
	} {
		same(t, e, load+use, "threw Error |  | pkg needs net")
	}
}
