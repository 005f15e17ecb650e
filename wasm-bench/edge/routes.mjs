// The routes. A handler takes the context of a request (see worker.mjs), notes in facts what telemetry should know, and
// answers {status, headers, body}; what it refuses it throws as a Refusal.

import { JSEngine, MIN_SIDE, SIZES, hash, testImage } from './kernel.mjs';
import { SWAREngine } from './swar.mjs';
import { WASMEngine } from './wasmhost.mjs';
import { CLIENT, INTERNAL } from './edgescope.mjs';
import { readTaskId, taskId } from './task.mjs';
import scalarModule from './scalar.wasm';
import simdModule from './simd.wasm';
import isolateSource from './isolate.txt';
import simdBytes from './simd.bin';

const MAX_PIXELS_BODY = 36 * 1024 * 1024; // bytes; the size large has 35.4 MB
const MAX_JSON_BODY = 64 * 1024; // bytes

const ROUTES = [
  { template: '/process', operation: 'process', methods: { GET: processTestImage, POST: processPost } },
  { template: '/status/:id', operation: 'status', methods: { GET: status } },
  { template: '/api/products', operation: 'products', methods: { GET: products } },
  { template: '/cold', operation: 'cold', methods: { GET: cold } },
  { template: '/health', operation: 'health', methods: { GET: health } },
].map((route) => ({ ...route, pattern: new RegExp(`^${route.template.replace(/:(\w+)/, '(?<$1>[^/]+)')}$`) }));

/** The route of a path, with params of its named parts; undefined if there is none. */
export function findRoute(path) {
  for (const route of ROUTES) {
    const found = route.pattern.exec(path);
    if (found) return { ...route, params: found.groups ?? {} };
  }
}

/** An answer other than a good one, for reasons that the client can read. */
export class Refusal extends Error {
  constructor(status, message, headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }

  answer() {
    return json({ error: this.message }, { status: this.status, headers: this.headers });
  }
}

function json(value, { status = 200, headers = {} } = {}) {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

// --- /process

const ENGINES = {
  js: () => new JSEngine(),
  'js-swar': () => new SWAREngine(),
  wasm: () => new WASMEngine(scalarModule),
  'wasm-simd': () => new WASMEngine(simdModule),
};
const engines = new Map(); // by name, made at first use; each keeps its buffers

let lastTestImage = {}; // {size, pixels}; one, since a large one takes 35 MB of an isolate's 128

async function processTestImage(context) {
  const size = choice(context.url, 'size', Object.keys(SIZES), 'small');
  const { w, h } = SIZES[size];
  const job = readJob(context.url);
  if (lastTestImage.size !== size) lastTestImage = { size, pixels: testImage(w, h) };
  return runKernel(context, job, { size, w, h, pixels: lastTestImage.pixels });
}

/** A JSON body is a task, unless an engine is asked for; another body is the pixels, if their width and height are told. */
async function processPost(context) {
  const { request, url } = context;
  const isJSON = /^application\/json\b/i.test(request.headers.get('content-type') ?? '');
  if (isJSON && !url.searchParams.has('engine')) return acceptTask(context);
  const ofBody = url.searchParams.has('w') || url.searchParams.has('h');
  if (isJSON || (!ofBody && url.searchParams.has('engine'))) return processTestImage(context);

  const job = readJob(url);
  const w = integer(url, 'w', { least: MIN_SIDE, most: 16384 });
  const h = integer(url, 'h', { least: MIN_SIDE, most: 16384 });
  if (w % 2 || h % 2) throw new Refusal(400, `w and h must be even, not ${w} and ${h}`);
  const pixels = await readBody(request, MAX_PIXELS_BODY);
  if (pixels.length !== w * h * 4) {
    throw new Refusal(400, `${w}x${h} RGBA pixels are ${w * h * 4} bytes, the body has ${pixels.length}`);
  }
  return runKernel(context, job, { w, h, pixels });
}

function readJob(url) {
  return {
    engine: choice(url, 'engine', Object.keys(ENGINES), 'js'),
    op: choice(url, 'op', ['blur', 'resize', 'both', 'none'], 'both'),
    out: choice(url, 'out', ['json', 'raw'], 'json'),
    reps: integer(url, 'reps', { fallback: 1, least: 1, most: 50 }),
    hash: choice(url, 'hash', ['0', '1'], '0') === '1',
  };
}

async function runKernel(context, job, image) {
  const result = job.op === 'none' ? image.pixels : await operate(context, job, image);
  const [ow, oh] = job.op === 'both' || job.op === 'resize' ? [image.w / 2, image.h / 2] : [image.w, image.h];
  const headers = job.hash ? { 'x-output-hash': hash(result) } : {};
  if (job.out === 'raw') {
    return { status: 200, headers: { ...headers, 'content-type': 'application/octet-stream' }, body: result };
  }
  const { engine, op, reps } = job;
  return json({ engine, op, size: image.size, reps, width: ow, height: oh, bytes: result.length }, { headers });
}

function operate({ trace, facts }, job, { w, h, pixels }) {
  facts.engine = job.engine;
  return trace.child('kernel', INTERNAL, () => {
    if (!engines.has(job.engine)) engines.set(job.engine, ENGINES[job.engine]());
    const engine = engines.get(job.engine);
    let output;
    for (let i = 0; i < job.reps; i++) output = engine.run(pixels, w, h, job.op);
    return output;
  }, {
    'edge.engine': job.engine, 'edge.kernel.op': job.op, 'edge.kernel.reps': job.reps, 'edge.image.width': w, 'edge.image.height': h,
  });
}

// --- tasks

async function acceptTask({ request, env, facts }) {
  const { width, height } = readTask(await readBody(request, MAX_JSON_BODY));
  return json({ taskId: await taskId({ region: facts.region, width, height, now: Date.now(), secret: env.TASK_KEY }) });
}

function readTask(bytes) {
  let task;
  try {
    task = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new Refusal(400, `the body is no JSON: ${error.message}`);
  }
  if (typeof task?.imageUrl !== 'string' || task.imageUrl === '') {
    throw new Refusal(400, 'imageUrl must be the address of an image');
  }
  return { width: side(task, 'width'), height: side(task, 'height') };
}

/** A side of the wanted image in pixels. Digits in a string will do: templates of load scripts make such. */
function side(task, name) {
  const given = task[name];
  const value = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
  if (!Number.isInteger(value) || value < 1 || value > 16384) {
    throw new Refusal(400, `${name} must be an integer from 1 to 16384, not ${JSON.stringify(given)}`);
  }
  return value;
}

const TASK_TAKES = 1000; // ms

/** Tasks are simulated: no image is fetched, and a task is completed a second after it was taken. The answer says so. */
async function status({ params, env }) {
  const now = Date.now();
  const task = await readTaskId(params.id, { now, secret: env.TASK_KEY });
  if (!task) throw new Refusal(404, 'no such task');
  const { region, width, height, created } = task;
  const state = now - created < TASK_TAKES ? 'processing' : 'completed';
  return json({
    taskId: params.id, status: state, simulated: true, region, width, height, createdAt: new Date(created).toISOString(),
  });
}

// --- /api/products

const KEPT = 5; // times its ttl a response stays in the cache, to be served stale meanwhile

const refreshing = new Set(); // addresses that a request is making anew

async function products({ url, request, ctx, trace, facts }) {
  const ttl = integer(url, 'ttl', { fallback: 3600, least: 1, most: 3600 });
  const key = request.url;
  const found = await trace.child('cache_match', CLIENT, () => caches.default.match(key),
    (response) => ({ 'cache.response.cache_status': response ? 'HIT' : 'MISS' }));
  if (!found) {
    facts.cache = 'miss';
    const fresh = listProducts(url);
    // Kept before it is answered, so that the same user's next request finds it.
    await trace.child('cache_put', CLIENT, () => keep(key, fresh, ttl));
    return fresh;
  }
  const age = Date.now() - Number(found.headers.get('x-stored'));
  facts.cache = age <= ttl * 1000 ? 'hit' : 'stale';
  if (facts.cache === 'stale' && !refreshing.has(key)) {
    refreshing.add(key);
    ctx.waitUntil(keep(key, listProducts(url), ttl).finally(() => refreshing.delete(key)));
  }
  const body = new Uint8Array(await found.arrayBuffer());
  return { status: 200, headers: { 'content-type': found.headers.get('content-type'), age: String(Math.floor(age / 1000)) }, body };
}

function keep(key, { headers, body }, ttl) {
  return caches.default.put(key, new Response(body, {
    headers: { ...headers, 'cache-control': `public, s-maxage=${KEPT * ttl}`, 'x-stored': String(Date.now()) },
  }));
}

function listProducts(url) {
  const category = url.searchParams.get('category') ?? 'all';
  const id = url.searchParams.get('id');
  const names = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
  const items = names.map((name, i) => ({ id: String(i + 1), name: `${category} ${name}`, price: 9.5 + 10 * i }));
  return json({ category, products: id === null ? items : items.filter((item) => item.id === id) });
}

// --- /cold

const START_PLAIN = 'export {};';
const START_WASM = 'import kernel from "./k.wasm"; new WebAssembly.Instance(kernel);';

async function cold({ url, env, trace, facts }) {
  const withWASM = choice(url, 'wasm', ['0', '1'], '0') === '1';
  const modules = { 'isolate.mjs': { js: isolateSource }, 'start.mjs': { js: withWASM ? START_WASM : START_PLAIN } };
  if (withWASM) modules['k.wasm'] = { wasm: simdBytes };
  const before = Date.now();
  const answer = await trace.child('isolate', INTERNAL, async () => {
    // Not get(id, ...): that keeps every isolate, 1.6 MB each, for as long as the process lives.
    const worker = env.LOADER.load({
      compatibilityDate: '2026-06-01', mainModule: 'isolate.mjs', modules, globalOutbound: null,
    });
    return (await worker.getEntrypoint().fetch('http://isolate/')).json();
  }, { 'edge.isolate.wasm': withWASM });
  facts.cold = answer.cold;
  facts.isolate = answer.isolate;
  facts.initMs = Math.max(answer.began - before, 0); // both are clocks of this process
  return json({ cold: answer.cold, isolate: answer.isolate, wasm: withWASM, initMs: facts.initMs });
}

// --- /health

function health({ request, facts, exporter }) {
  if (!/\bapplication\/json\b/i.test(request.headers.get('accept') ?? '')) {
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' };
  }
  return json({ status: 'ok', region: facts.region, isolate: facts.isolate, spans: exporter.counts });
}

// --- reading requests

function choice(url, name, legal, fallback) {
  const given = url.searchParams.get(name) ?? fallback;
  if (!legal.includes(given)) throw new Refusal(400, `${name} must be one of ${legal.join(', ')}, not ${JSON.stringify(given)}`);
  return given;
}

function integer(url, name, { fallback, least, most }) {
  const given = url.searchParams.get(name) ?? fallback;
  const value = /^\d+$/.test(given) ? Number(given) : NaN;
  if (!(value >= least && value <= most)) {
    throw new Refusal(400, `${name} must be an integer from ${least} to ${most}, not ${JSON.stringify(given ?? null)}`);
  }
  return value;
}

/**
 * The bytes of the body. One that is larger than the limit, but not twice as large, is read to its end before it is refused:
 * most clients can't read an answer while they send.
 */
async function readBody(request, limit) {
  const tooLarge = () => new Refusal(413, `the body must have at most ${limit} bytes`);
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > 2 * limit) throw tooLarge();
    if (size <= limit) chunks.push(chunk);
  }
  if (size > limit) throw tooLarge();
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
