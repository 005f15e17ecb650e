package node_test

import "testing"

func TestStreamsFlow(t *testing.T) {
	agree(t, `
const {Readable} = require('stream');
const it = Readable.from(['a', 'b'])[Symbol.asyncIterator](), all = [];
let s;
while (!(s = await it.next()).done) all.push(s.value);
return all.join()

const {Transform, Readable, pipeline} = require('stream');
const out = [];
const up = new Transform({transform(c, e, done) { done(null, String(c).toUpperCase()) }});
up.on('data', (c) => out.push(String(c)));
await require('stream/promises').pipeline(Readable.from(['a', 'b']), up).catch((e) => out.push(e.message));
return out.join()

const {Writable} = require('stream');
const s = [];
const w = new Writable({write(c, e, done) { s.push(c.toString()); done() }, final(done) { s.push('final'); done() }});
w.write('a');
w.end('b');
await new Promise((r) => w.on('finish', r));
return s.join()

const {Writable} = require('stream');
const w = new Writable({write(c, e, done) { done(new Error('full')) }});
w.write('a');
return await new Promise((r) => w.on('error', (e) => r(e.message)))

const {PassThrough} = require('stream');
const p = new PassThrough();
p.end('abc');
let s = '';
p.setEncoding('utf8');
p.on('data', (c) => { s += c });
await new Promise((r) => p.on('end', r));
return s

const Stream = require('stream'), u = require('util');
function Old() { Stream.call(this); this.readable = true } u.inherits(Old, Stream);
const o = new Old(), s = [];
o.on('data', (x) => s.push(x));
o.emit('data', 1);
return s.join() + (o instanceof Stream) + (o instanceof require('events'))

const {Duplex, Writable, Readable, Transform} = require('stream');
const t = new Transform();
return [t instanceof Duplex, t instanceof Readable, t instanceof Writable,
  new Readable() instanceof Writable].join()

const {Readable} = require('stream');
const r = new Readable({objectMode: true, read() {}});
r.push({a: 1});
r.push(null);
const it = r[Symbol.asyncIterator](), all = [];
let s;
while (!(s = await it.next()).done) all.push(s.value.a);
return all.join()

const z = require('zlib');
const s = z.createGzip();
const parts = [];
s.on('data', (c) => parts.push(c));
s.end('hello');
await new Promise((r) => s.on('end', r));
return z.gunzipSync(Buffer.concat(parts)).toString()

const z = require('zlib');
return [z.inflateSync(z.deflateSync('abc')), z.inflateRawSync(z.deflateRawSync(Buffer.from('x'))),
  z.brotliDecompressSync(z.brotliCompressSync('br')), z.unzipSync(z.gzipSync('u')),
  await require('util').promisify(z.gunzip)(z.gzipSync('p'))].join()

const z = require('zlib');
return z.gunzipSync(Buffer.from('no gzip'))
`)
}

func TestTheLanguageIsWhole(t *testing.T) {
	agree(t, `
const R = RegExp;
return JSON.stringify([...new R('(?<y>\\d+)-(\\d+)', '').exec('1-2')]) + JSON.stringify(new R('(?<y>\\d+)-(?<m>\\d+)').exec('1-2').groups)

return '2020-10'.replace(new RegExp('(?<y>\\d+)-(?<m>\\d+)'),
  '$<m>/$<y>') + 'a1b2'.replace(new RegExp('(?<l>[a-z])(?<d>\\d)', 'g'), '$<d>$<l>')

return 'a1'.replace(new RegExp('(?<l>[a-z])(?<d>\\d)'), (...all) => JSON.stringify(all))

return [...'k=v;x=y'.matchAll(new RegExp('(?<k>\\w)=(?<v>\\w)', 'g'))].map((m) => m.groups.k + m.groups.v).join()

return new RegExp('(?<q>[\'"]).*?\\k<q>').exec('say "hi" \'x\'')[0] + 'aXbX'.split(new RegExp('(?<x>X)')).join()

const r = new RegExp('(?<a>x)', 'gi');
return [r.source, r.flags, r.global, String(r), r instanceof RegExp, r.test('X'), r.lastIndex].join()

return new RegExp('a(?<n>b)?',
  'd').exec('xab').indices.groups.n.join() + new RegExp('[(?<x>]').test('(') + RegExp('a',
  'g').flags + RegExp(/b/).source

return [(1234567.891).toLocaleString(), (5).toLocaleString('en-US', {minimumFractionDigits: 2}),
  (-1e6).toLocaleString(), (0.1).toLocaleString()].join('|')

const o = {};
Error.captureStackTrace(o);
return typeof o.stack + typeof new WeakRef({a: 1}).deref().a
`)
	e := start(t) // which node 20 has not
	same(t, e, "return (await Array.fromAsync([Promise.resolve(1), 2])).join() + Map.groupBy([1, 2], (x) => x % 2).get(1)", "1,21")
	same(t, e, "return Object.groupBy([1, 2, 3], (x) => x % 2 ? 'odd' : 'even').odd.join()", "1,3")
	same(t, e, "return [...new Set([1, 2]).union(new Set([3]))].join() + new Set([1]).isSubsetOf(new Set([1, 2]))",
		"1,2,3true")
	same(t, e, "return 'a\\ud800'.isWellFormed() + 'a\\ud800'.toWellFormed()", "falsea\uFFFD")
	same(t, e, "return new Map([[1, 'a'], [2, 'b'], [3, 'c']]).values().drop(1).map((x) => x + x).toArray().join()",
		"bb,cc")
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
	same(t, e, "const m = require('module'), r = m.createRequire('file:///x'); return [r('node:path') === require('path'), "+
		"m.isBuiltin('node:fs'), m.isBuiltin('x')].join()", "true,true,false")
	same(t, e, "require('module').createRequire('/x')('./y')", "threw Error | MODULE_NOT_FOUND | Cannot find module './y'")
	same(t, e, "return require('no-such')", "threw Error | MODULE_NOT_FOUND | Cannot find module 'no-such'")
}

func TestAnAbsentModuleFailsByNameWhenItIsUsed(t *testing.T) {
	e := start(t)
	const load = "const m = require('absent:pkg needs net'); "
	same(t, e, load+"return [typeof m, m.__esModule, m.default === m, 'x' in m, Object.keys(m).length, m.then].join()", "function,true,true,false,0,")
	for _, use := range []string{
		"m.connect",
		"m()",
		"new m()",
		"m.x = 1",
		"const {Socket} = m",
		"class A extends m.Socket {}", "Object.create(Object.getPrototypeOf(m)).connect", "m.default.connect()",
	} {
		same(t, e, load+use, "threw Error |  | pkg needs net")
	}
}
