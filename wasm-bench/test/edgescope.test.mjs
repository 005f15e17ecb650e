import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLIENT, Exporter, INTERNAL, Trace, trace, wrap } from '../../ingest/edgemodule/edgescope.mjs';

const MODULE = new URL('../../ingest/edgemodule/edgescope.mjs', import.meta.url);

/** The module as a new isolate has it. */
let isolates = 0;
const isolate = () => import(`${MODULE}?${++isolates}`);

/** Stands in for the network and the clock of retries. answer: the status of the nth post, or an error to throw, or a body. */
function receiver(t, answer = () => 200) {
  const posts = [], waits = [];
  t.mock.method(globalThis, 'fetch', async (url, { body, headers }) => {
    posts.push({ url, body, headers, json: JSON.parse(body) });
    const given = answer(posts.length - 1);
    if (given instanceof Error) throw given;
    return typeof given === 'number' ? new Response('{}', { status: given }) : Response.json(given);
  });
  t.mock.method(globalThis, 'setTimeout', (done, ms) => { waits.push(ms); queueMicrotask(done); });
  return { posts, waits, spans: () => posts.map(({ json }) => spansOf(json).length) };
}

const spansOf = (request) => request.resourceSpans[0].scopeSpans[0].spans;

/** The attributes of a span or resource as an object of texts. */
const plain = ({ attributes }) => Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const encode = (spans) => JSON.stringify({ resourceSpans: [{ resource: {}, scopeSpans: [{ spans }] }] });
const target = { url: 'http://collector/v1/traces', encode };

const span = { spanId: '1' };

/** Runs a handler on one request and waits until it has been told. */
async function run(handler, options, request = new Request('http://shop.example/img/1?secret=1')) {
  const waiting = [];
  const ctx = { waitUntil: (promise) => waiting.push(promise) };
  const wrapped = wrap(handler, options);
  try {
    return await (wrapped.fetch ?? wrapped)(request, { NAME: 'env' }, ctx);
  } finally {
    assert.equal(waiting.length, 1);
    await waiting[0];
  }
}

test('a request is one server span', async (t) => {
  const { posts } = receiver(t);
  const module = await isolate();
  const answer = new Response('x', { status: 203, headers: { 'cf-cache-status': 'HIT', age: '7' } });
  const request = new Request('https://shop.example/img/1?secret=1', { method: 'POST', headers: {
    'cf-ray': '8f1e2d3c4b5a6978-FRA', 'user-agent': 'test', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', cookie: 'c',
  } });
  Object.defineProperty(request, 'cf', { value: { colo: 'FRA', country: 'DE' } });
  const handler = module.wrap(() => answer, { url: 'https://collector.example//', service: 'shop', version: '7', token: 'secret' });
  const done = [];
  assert.equal(await handler(request, { waitUntil: (p) => done.push(p) }), answer);
  await Promise.all(done);

  assert.equal(posts.length, 1);
  assert.equal(posts[0].url, 'https://collector.example/v1/traces');
  assert.deepEqual(posts[0].headers, { 'content-type': 'application/json', authorization: 'Bearer secret' });
  assert.deepEqual(plain(posts[0].json.resourceSpans[0].resource), {
    'service.name': 'shop', 'service.version': '7', 'cloud.region': 'FRA', 'edge.colo': 'FRA',
    'telemetry.sdk.name': 'edgescope', 'telemetry.sdk.language': 'webjs',
  });
  const [server, ...others] = spansOf(posts[0].json);
  assert.equal(others.length, 0);
  assert.equal(server.name, 'POST');
  assert.equal(server.kind, 2);
  assert.equal(server.traceId, '0af7651916cd43dd8448eb211c80319c');
  assert.equal(server.parentSpanId, 'b7ad6b7169203331');
  assert.match(server.startTimeUnixNano, /^[0-9]{13}000000$/);
  const { 'faas.instance': instance, ...attributes } = plain(server);
  assert.match(instance, /^[0-9a-f]{16}$/);
  assert.deepEqual(attributes, {
    'faas.trigger': 'http', 'faas.coldstart': true, 'http.request.method': 'POST', 'url.scheme': 'https', 'url.path': '/img/1',
    'http.response.status_code': '203', 'user_agent.original': 'test', 'geo.country.iso_code': 'DE',
    'faas.invocation_id': '8f1e2d3c4b5a6978-FRA', 'http.response.header.cf-cache-status': 'HIT', 'http.response.header.age': '7',
  });
});

test('the first request of an isolate is its cold start', async (t) => {
  const { posts } = receiver(t);
  const module = await isolate();
  const handler = module.wrap(() => new Response(), { url: 'http://c' });
  for (let i = 0; i < 3; i++) await handler(new Request('http://h/'), { waitUntil() {} });
  await new Promise(setImmediate);
  const served = posts.flatMap(({ json }) => spansOf(json)).map(plain);
  assert.deepEqual(served.map((a) => a['faas.coldstart']), [true, false, false]);
  assert.equal(new Set(served.map((a) => a['faas.instance'])).size, 1);
});

test('a handler adds attributes and children', async (t) => {
  const { posts } = receiver(t);
  await run({
    async fetch(request, env) {
      assert.deepEqual(env, { NAME: 'env' });
      trace(request).set({ 'http.route': '/img/:id', 'edge.cache.status': 'hit', 'faas.coldstart': true });
      await trace(request).child('resize', INTERNAL, () => 7, (answer) => ({ answer }));
      await trace(request).child('origin', CLIENT, async () => {}, { fixed: 'yes' });
      return new Response();
    },
    scheduled: 'kept',
  }, (env) => ({ url: 'http://c', service: env.NAME, attributes: { 'cloud.provider': 'test' }, region: 'eu-1' }));
  const resource = plain(posts[0].json.resourceSpans[0].resource);
  assert.equal(resource['service.name'], 'env');
  assert.equal(resource['cloud.provider'], 'test');
  assert.equal(resource['cloud.region'], 'eu-1');
  assert.equal(resource['edge.colo'], undefined);
  const [resize, origin, server] = spansOf(posts[0].json);
  assert.equal(server.name, 'GET /img/:id');
  assert.equal(plain(server)['edge.cache.status'], 'hit');
  assert.equal(plain(server)['faas.coldstart'], true);
  assert.deepEqual([resize.name, resize.kind, plain(resize)], ['resize', 1, { answer: '7' }]);
  assert.deepEqual([origin.name, origin.kind, plain(origin)], ['origin', 3, { fixed: 'yes' }]);
  for (const child of [resize, origin]) assert.equal(child.parentSpanId, server.spanId);
});

test('other members of a handler stay', () => {
  const wrapped = wrap({ fetch() {}, scheduled: 'kept' }, {});
  assert.equal(wrapped.scheduled, 'kept');
});

test('what a handler throws is told and goes on', async (t) => {
  const { posts } = receiver(t);
  const broken = new RangeError('too far');
  await assert.rejects(run(() => { throw broken; }, { url: 'http://c' }), (error) => error === broken);
  const [server] = spansOf(posts[0].json);
  assert.deepEqual(server.status, { code: 2, message: 'too far' });
  assert.equal(plain(server)['error.type'], 'RangeError');
  assert.equal(plain(server)['http.response.status_code'], undefined);
  assert.equal(plain(server.events[0])['exception.message'], 'too far');
});

test('anything can be thrown', async (t) => {
  const { posts } = receiver(t);
  await assert.rejects(run(() => { throw 'a text'; }, { url: 'http://c' }), (error) => error === 'a text');
  const [server] = spansOf(posts[0].json);
  assert.deepEqual(server.status, { code: 2, message: 'a text' });
});

test('Deno is not made to ask for the environment', async (t) => {
  const { posts } = receiver(t);
  const asked = [];
  globalThis.Deno = { permissions: { querySync: ({ variable }) => {
    asked.push(variable);
    return { state: variable === 'FLY_REGION' ? 'granted' : 'prompt' };
  } } };
  t.after(() => delete globalThis.Deno);
  Object.assign(process.env, { DENO_REGION: 'not to be read', FLY_REGION: 'ams' });
  t.after(() => { delete process.env.DENO_REGION; delete process.env.FLY_REGION; });
  await run(() => new Response(), { url: 'http://c' });
  assert.ok(asked.includes('DENO_REGION'));
  const resource = plain(posts[0].json.resourceSpans[0].resource);
  assert.equal(resource['cloud.region'], 'ams');
  assert.equal(resource['cloud.platform'], 'deno');
});

test('with a dataset a request is one legal data point', async (t) => {
  const { posts } = receiver(t);
  await run((request) => {
    trace(request).set({ 'http.route': '/img/:id' });
    return new Response('', { status: 404, headers: { 'x-vercel-cache': 'STALE' } });
  }, { url: 'http://c', dataset: 'edge', region: 'iad1', token: 't' });
  assert.equal(posts[0].url, 'http://c/v1/datapoints/edge');
  assert.equal(posts[0].headers.authorization, 'Bearer t');
  const [{ indexes, blobs, doubles }, ...others] = posts[0].json;
  assert.equal(others.length, 0);
  assert.deepEqual(indexes, ['GET /img/:id']);
  assert.match(blobs[2], /^\d{4}-\d\d-\d\dT[0-9:.]+Z$/);
  assert.deepEqual([...blobs.slice(0, 2), ...blobs.slice(3)], ['iad1', '404', 'STALE', '/img/:id']);
  assert.equal(doubles[1], 1);
  assert.ok(doubles[0] >= 0 && [0, 1].includes(doubles[2]));
});

test('a binding takes the data point', async (t) => {
  const { posts } = receiver(t);
  const points = [];
  await run(() => { throw new Error('x'.repeat(200)); }, {
    dataset: { writeDataPoint: (point) => points.push(point) }, url: 'http://c', region: 'FRA',
  }, new Request(`http://h/${'long/'.repeat(100)}`)).catch(() => {});
  assert.equal(posts.length, 0);
  assert.equal(points.length, 1);
  assert.deepEqual(points[0].indexes, ['GET']);
  assert.equal(points[0].blobs[1], '500');
});

test('no request fails for its telemetry', async (t) => {
  const { posts } = receiver(t);
  const told = t.mock.method(console, 'error', () => {});
  const f = async (options) => assert.equal(await (await run(() => new Response('fine'), options)).text(), 'fine');
  await f(() => { throw new Error('no options'); });
  await f({ url: 7 });
  await f({ dataset: { writeDataPoint() { throw new Error('too many'); } } });
  assert.equal(told.mock.callCount(), 3);
  await f({});
  await f({ url: '' });
  assert.equal(told.mock.callCount(), 3);
  assert.equal(posts.length, 0);
});

test('a traceparent is honoured if it is valid', () => {
  const id = '0af7651916cd43dd8448eb211c80319c', parent = 'b7ad6b7169203331';
  const f = (header, honoured) => {
    const { traceId, parentId } = new Trace(header);
    assert.equal(traceId === id && parentId === parent, honoured, header);
    assert.match(traceId, /^(?!0+$)[0-9a-f]{32}$/);
  };
  f(`00-${id}-${parent}-01`, true);
  f(`cc-${id}-${parent}-01-what`, true);
  f(`00-${id}-${parent}-01-what`, false);
  f(`ff-${id}-${parent}-01`, false);
  f(`00-${'0'.repeat(32)}-${parent}-01`, false);
  f(`00-${id}-${'0'.repeat(16)}-01`, false);
  f(null, false);
});

test('the module imports nothing', () => {
  assert.doesNotMatch(readFileSync(MODULE, 'utf8'), /^\s*import\b|\brequire\(|\bimport\(/m);
});

test('a post is given up after its last try', async (t) => {
  const { posts, waits } = receiver(t, () => 503);
  const exporter = new Exporter();
  exporter.add([span, span]);
  await exporter.flush(target);
  assert.equal(posts.length, 6);
  assert.equal(new Set(posts.map(({ body }) => body)).size, 1);
  assert.deepEqual(waits, [100, 300, 1000, 3000, 5000]);
  assert.deepEqual(exporter.counts, { sent: 0, retries: 5, lost: 2, dropped: 0, waiting: 0 });
});

test('no answer is tried again', async (t) => {
  receiver(t, (n) => n === 0 ? new TypeError('connection refused') : 200);
  const exporter = new Exporter();
  exporter.add([span]);
  await exporter.flush(target);
  assert.deepEqual(exporter.counts, { sent: 1, retries: 1, lost: 0, dropped: 0, waiting: 0 });
});

test('what a collector rejects of a post counts as lost, and is not sent again', async (t) => {
  const { posts } = receiver(t, () => ({ partialSuccess: { rejectedSpans: '1', errorMessage: 'no id' } }));
  const exporter = new Exporter();
  exporter.add([span, span, span]);
  await exporter.flush(target);
  assert.equal(posts.length, 1);
  assert.deepEqual(exporter.counts, { sent: 2, retries: 0, lost: 1, dropped: 0, waiting: 0 });
});

test('the queue is bounded, and what it drops is counted', async (t) => {
  const { spans } = receiver(t, () => 200);
  const exporter = new Exporter();
  exporter.add(Array(4000).fill(span));
  exporter.add(Array(200).fill(span));
  exporter.add([span]);
  assert.deepEqual(exporter.counts, { sent: 0, retries: 0, lost: 0, dropped: 105, waiting: 4096 });
  await exporter.flush(target);
  assert.equal(spans().reduce((sum, n) => sum + n), 4096);
  assert.ok(Math.max(...spans()) <= 256);
});

test('four posts at a time; what comes meanwhile goes together', async (t) => {
  const open = [];
  t.mock.method(globalThis, 'fetch', (url, { body }) => new Promise((resolve) => {
    open.push({ spans: JSON.parse(body).resourceSpans[0].scopeSpans[0].spans.length, answer: () => resolve(new Response('{}')) });
  }));
  const exporter = new Exporter();
  const flushes = [];
  for (let i = 0; i < 10; i++) {
    exporter.add([span]);
    flushes.push(exporter.flush(target));
  }
  assert.deepEqual(open.map(({ spans }) => spans), [1, 1, 1, 1]);
  for (let i = 0; i < 5; i++) {
    while (!open[i]) await new Promise(setImmediate);
    open[i].answer();
  }
  await Promise.all(flushes);
  assert.deepEqual(open.map(({ spans }) => spans), [1, 1, 1, 1, 6]);
  assert.equal(exporter.counts.sent, 10);
});

test('data points that a collector rejects count as lost', async (t) => {
  receiver(t, () => ({ accepted: 1, rejected: 1, errors: [{ index: 0, error: 'not an object' }] }));
  const exporter = new Exporter();
  exporter.add([span, span]);
  await exporter.flush(target);
  assert.deepEqual(exporter.counts, { sent: 1, retries: 0, lost: 1, dropped: 0, waiting: 0 });
});

test('values have the types of OTLP, and unknown ones are absent', () => {
  const asked = new Trace();
  asked.set({ text: 'a', flag: false, int: 7, double: 0.5, no: undefined, empty: '', none: null });
  const [{ attributes }] = asked.end(new Request('http://h/'));
  const own = attributes.filter(({ key }) => !/[.]/.test(key));
  assert.deepEqual(own, [
    { key: 'text', value: { stringValue: 'a' } }, { key: 'flag', value: { boolValue: false } },
    { key: 'int', value: { intValue: '7' } }, { key: 'double', value: { doubleValue: 0.5 } },
  ]);
});

test('a child that fails is an error with its exception, and the error goes on', async () => {
  const asked = new Trace();
  await assert.rejects(asked.child('work', INTERNAL, () => { throw new RangeError('too far'); }), /too far/);
  const [child, server] = asked.end(new Request('http://h/'), new Response());
  assert.equal(child.parentSpanId, server.spanId);
  assert.deepEqual(child.status, { code: 2, message: 'too far' });
  assert.equal(child.events[0].name, 'exception');
  assert.deepEqual(child.events[0].attributes[0], { key: 'exception.type', value: { stringValue: 'RangeError' } });
  assert.equal(server.status, undefined);
});
