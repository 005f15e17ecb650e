import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exporter, INTERNAL, Trace } from '../edge/otlp.mjs';

/** Stands in for the network and the clock of retries. answer: the status of the nth post, or an error to throw. */
function receiver(t, answer) {
  const bodies = [];
  t.mock.method(globalThis, 'fetch', async (url, { body }) => {
    bodies.push(body);
    const given = answer(bodies.length - 1);
    if (given instanceof Error) throw given;
    return typeof given === 'number' ? new Response('{}', { status: given }) : Response.json(given);
  });
  const waits = [];
  globalThis.scheduler = { wait: async (ms) => { waits.push(ms); } };
  return { bodies, waits, spans: () => bodies.map((body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans.length) };
}

const span = { spanId: '1' };

test('a post is given up after its last try', async (t) => {
  const { bodies, waits } = receiver(t, () => 503);
  const exporter = new Exporter();
  exporter.add([span, span]);
  await exporter.flush('http://collector', {});
  assert.equal(bodies.length, 6);
  assert.equal(new Set(bodies).size, 1);
  assert.deepEqual(waits, [100, 300, 1000, 3000, 5000]);
  assert.deepEqual(exporter.counts, { sent: 0, retries: 5, lost: 2, dropped: 0, waiting: 0 });
});

test('no answer is tried again', async (t) => {
  receiver(t, (n) => n === 0 ? new TypeError('connection refused') : 200);
  const exporter = new Exporter();
  exporter.add([span]);
  await exporter.flush('http://collector', {});
  assert.deepEqual(exporter.counts, { sent: 1, retries: 1, lost: 0, dropped: 0, waiting: 0 });
});

test('what a collector rejects of a post counts as lost, and is not sent again', async (t) => {
  const { bodies } = receiver(t, () => ({ partialSuccess: { rejectedSpans: '1', errorMessage: 'no id' } }));
  const exporter = new Exporter();
  exporter.add([span, span, span]);
  await exporter.flush('http://collector', {});
  assert.equal(bodies.length, 1);
  assert.deepEqual(exporter.counts, { sent: 2, retries: 0, lost: 1, dropped: 0, waiting: 0 });
});

test('the queue is bounded, and what it drops is counted', async (t) => {
  const { spans } = receiver(t, () => 200);
  const exporter = new Exporter();
  exporter.add(Array(4000).fill(span));
  exporter.add(Array(200).fill(span));
  exporter.add([span]);
  assert.deepEqual(exporter.counts, { sent: 0, retries: 0, lost: 0, dropped: 105, waiting: 4096 });
  await exporter.flush('http://collector', {});
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
    flushes.push(exporter.flush('http://collector', {}));
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

test('values have the types of OTLP, and unknown ones are absent', () => {
  const [{ attributes }] = new Trace(null).end('GET /', { text: 'a', flag: false, int: 7, double: 0.5, no: undefined, empty: '' });
  assert.deepEqual(attributes, [
    { key: 'text', value: { stringValue: 'a' } }, { key: 'flag', value: { boolValue: false } },
    { key: 'int', value: { intValue: '7' } }, { key: 'double', value: { doubleValue: 0.5 } },
  ]);
});

test('a child that fails is an error with its exception, and the error goes on', async () => {
  const trace = new Trace(null);
  await assert.rejects(trace.child('work', INTERNAL, () => { throw new RangeError('too far'); }), /too far/);
  const [child, server] = trace.end('GET /', {});
  assert.equal(child.parentSpanId, server.spanId);
  assert.deepEqual(child.status, { code: 2, message: 'too far' });
  assert.equal(child.events[0].name, 'exception');
  assert.deepEqual(child.events[0].attributes[0], { key: 'exception.type', value: { stringValue: 'RangeError' } });
  assert.equal(server.status, undefined);
});
