// The module as a collector serves it: edgescope.mjs minified. What it does is tested in edgescope.test.mjs; here, that it is
// the same after that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as source from '../../ingest/edgemodule/edgescope.mjs';
import * as served from '../../ingest/edgemodule/edgescope.min.mjs';

test('it exports what the source does', () => {
  assert.deepEqual(Object.keys(served), Object.keys(source));
});

test('it tells the same', async (t) => {
  const posts = [];
  t.mock.method(globalThis, 'fetch', async (url, { body }) => {
    posts.push(body);
    return Response.json({});
  });
  t.mock.timers.enable({ apis: ['Date'], now: 1_795_000_000_000 });
  t.mock.method(globalThis.crypto, 'getRandomValues', (array) => array.fill(7));
  for (const dataset of [undefined, 'edge']) {
    for (const { wrap, trace, CLIENT } of [source, served]) {
      const handler = wrap(async (request) => {
        trace(request).set({ 'http.route': '/a/:id', 'faas.coldstart': false });
        await trace(request).child('fetch', CLIENT, () => { throw new TypeError('no'); }).catch(({ name }) => name);
        return new Response('', { headers: { 'x-cache': 'HIT' } });
      }, { url: 'http://c', service: 's', dataset, region: 'FRA' });
      await handler(new Request('http://h/a/1'));
      await new Promise(setImmediate);
    }
  }
  assert.equal(posts.length, 4);
  const alike = (body) => body.replaceAll(/at [^"]*/g, 'at'); // but for the stack
  assert.equal(alike(posts[1]), alike(posts[0]));
  assert.equal(posts[3], posts[2]);
});
