// The examples of docs/edge-module.md, run.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/edge-module.md', root), 'utf8');
const examples = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
const folder = mkdtempSync(join(tmpdir(), 'edge-module-'));
after(() => rmSync(folder, { recursive: true }));

/** Runs an example as a module of its own, with the module that it imports beside it. */
async function load(number) {
  const file = join(folder, `${number}.mjs`);
  const module = new URL('ingest/edgemodule/edgescope.mjs', root);
  writeFileSync(file, examples[number].replace(/from '[^']*\/edgescope\.mjs'/, `from '${module}'`));
  return import(file);
}

/** Stands in for the network; answers the paths of what was posted to the collector. */
function network(t) {
  const real = globalThis.fetch, posted = [];
  t.mock.method(globalThis, 'fetch', async (url, options) => {
    const { hostname, pathname } = new URL(url);
    if (hostname === 'localhost') return real(url, options);
    if (hostname === 'collector.example') posted.push({ pathname, body: JSON.parse(options.body) });
    return Response.json({});
  });
  return posted;
}

/** Asks a handler and answers what it said, and the server span that was posted for it. */
async function ask(t, handler, ...rest) {
  const posted = network(t);
  const response = await handler(new Request('http://shop.example/img/1'), ...rest);
  assert.equal(response.status, 200);
  await new Promise(setImmediate);
  assert.deepEqual(posted.map(({ pathname }) => pathname), ['/v1/traces']);
  const { resource, scopeSpans: [{ spans }] } = posted[0].body.resourceSpans[0];
  assert.deepEqual(resource.attributes[0], { key: 'service.name', value: { stringValue: 'shop' } });
  return { response, spans };
}

const URL_OF_COLLECTOR = 'https://collector.example:4318';

test('Workers', async (t) => {
  const { default: worker } = await load(0);
  await ask(t, worker.fetch, { EDGESCOPE_URL: URL_OF_COLLECTOR }, { waitUntil() {} });
});

test('Vercel', async (t) => {
  process.env.EDGESCOPE_URL = URL_OF_COLLECTOR;
  await ask(t, (await load(1)).default, { waitUntil() {} });
});

test('Deno', async (t) => {
  let handler;
  globalThis.Deno = { serve: (given) => { handler = given; } };
  t.after(() => delete globalThis.Deno);
  await load(2);
  await ask(t, handler, { remoteAddr: {} });
});

test('Node', async (t) => {
  Object.assign(process.env, { EDGESCOPE_URL: URL_OF_COLLECTOR, PORT: '0' });
  const { server } = await load(3);
  t.after(() => server.close());
  if (!server.listening) await new Promise((listening) => server.once('listening', listening));
  await ask(t, async () => {
    const response = await fetch(`http://localhost:${server.address().port}/img/1`, { headers: { connection: 'close' } });
    assert.equal(await response.text(), 'hello');
    return response;
  });
});

test('attributes and children', async (t) => {
  const { default: worker } = await load(4);
  const { spans } = await ask(t, worker.fetch, {}, { waitUntil() {} });
  assert.deepEqual(spans.map(({ name }) => name), ['origin', 'GET /img/:id']);
});

test('data points', async () => {
  const { default: worker } = await load(5);
  const points = [];
  await worker.fetch(new Request('http://h/'), { EDGE_REQUESTS: { writeDataPoint: (point) => points.push(point) } }, { waitUntil() {} });
  assert.equal(points[0].blobs[0], 'FRA');
});

test('counts', async (t) => {
  const { default: handler } = await load(6);
  const { response } = await ask(t, handler);
  assert.deepEqual(await response.json(), { sent: 0, retries: 0, lost: 0, dropped: 0, waiting: 0 });
});

test('the tail worker is the one that is tested on workerd', () => {
  assert.equal(examples[7], readFileSync(new URL('wasm-bench/edge/tail.mjs', root), 'utf8'));
  assert.equal(examples.length, 8);
});

test('the tail worker sends big integers as text', async (t) => {
  const { default: worker } = await load(7);
  const posted = network(t), waiting = [];
  const ctx = { waitUntil: (promise) => waiting.push(promise) };
  const next = worker.tailStream({ sequence: 0n, event: { type: 'onset' } }, { EDGESCOPE_URL: URL_OF_COLLECTOR }, ctx);
  next({ sequence: 1n, event: { type: 'log' } });
  assert.equal(waiting.length, 0);
  next({ sequence: 2n, event: { type: 'outcome' } });
  worker.tail([{ outcome: 'ok', cpuTime: 7n }], { EDGESCOPE_URL: URL_OF_COLLECTOR }, ctx);
  await Promise.all(waiting);
  assert.deepEqual(posted.map(({ pathname }) => pathname), ['/', '/']);
  assert.deepEqual(posted[0].body.map(({ sequence }) => sequence), ['0', '1', '2']);
  assert.equal(posted[1].body[0].cpuTime, '7');
});
