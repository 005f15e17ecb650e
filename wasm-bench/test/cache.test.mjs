import assert from 'node:assert/strict';
import { test } from 'node:test';
import cache from '../edge/cache.mjs';

const get = (url) => cache.fetch(new Request(url));
const purge = (url) => cache.fetch(new Request(url, { method: 'PURGE' }));
const put = (url, message) => cache.fetch(new Request(url, { method: 'PUT', body: message }));

const message = (head, body = 'hello') => ['HTTP/1.1 200 OK', ...head, '', body].join('\r\n');

test('what is put is found until it is purged', async () => {
  const url = 'http://x/found';
  assert.equal((await get(url)).status, 504);
  assert.equal((await put(url, message(['content-type: text/plain', 'cache-control: s-maxage=60', 'x-stored: 7']))).status, 204);
  const found = await get(url);
  assert.equal(found.status, 200);
  assert.equal(found.headers.get('cf-cache-status'), 'HIT');
  assert.equal(found.headers.get('x-stored'), '7');
  assert.equal(await found.text(), 'hello');
  assert.equal((await purge(url)).status, 200);
  assert.equal((await purge(url)).status, 404);
  assert.equal((await get(url)).headers.get('cf-cache-status'), 'MISS');
});

test('a chunked body is joined', async () => {
  const url = 'http://x/chunked';
  const chunks = '5\r\nhello\r\n7;name=value\r\n, world\r\n0\r\ntrailer: x\r\n\r\n';
  await put(url, message(['transfer-encoding: chunked', 'cache-control: max-age=60'], chunks));
  const found = await get(url);
  assert.equal(found.headers.get('transfer-encoding'), null);
  assert.equal(await found.text(), 'hello, world');
});

test('bytes that are no text stay as they are', async () => {
  const url = 'http://x/bytes';
  const head = new TextEncoder().encode(message(['cache-control: max-age=60'], ''));
  await put(url, new Uint8Array([...head, 255, 13, 10, 13, 10, 0]));
  assert.deepEqual(new Uint8Array(await (await get(url)).arrayBuffer()), new Uint8Array([255, 13, 10, 13, 10, 0]));
});

test('an answer is kept as long as a shared cache may', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  const url = 'http://x/aged';
  await put(url, message(['cache-control: max-age=1, s-maxage=10']));
  t.mock.timers.tick(9_999);
  assert.equal((await get(url)).status, 200);
  t.mock.timers.tick(1);
  assert.equal((await get(url)).status, 504);
});

test('what must not be kept is not, and replaces what was', async () => {
  const f = async (url, cacheControl) => {
    await put(url, message(['cache-control: max-age=60']));
    await put(url, message([`cache-control: ${cacheControl}`]));
    assert.equal((await get(url)).status, 504, cacheControl);
  };
  await f('http://x/1', 'no-store, max-age=60');
  await f('http://x/2', 'private, max-age=60');
  await f('http://x/3', 'max-age=0');
  await f('http://x/4', 'public');
});

test('the longest unused goes first when it is full', async () => {
  const large = 'x'.repeat(7 * 1024 * 1024); // nine fit into 64 MiB
  const url = (i) => `http://x/full/${i}`;
  for (let i = 0; i < 9; i++) await put(url(i), message(['cache-control: max-age=60'], large));
  assert.equal((await get(url(0))).status, 200); // now 1 is the longest unused
  await put(url(9), message(['cache-control: max-age=60'], large));
  assert.equal((await get(url(1))).status, 504);
  assert.equal((await get(url(0))).status, 200);
  for (let i = 0; i < 10; i++) await purge(url(i));
});

test('nonsense is refused', async () => {
  assert.equal((await put('http://x/bad', 'hello')).status, 400);
  assert.equal((await put('http://x/bad', 'SMTP ready\r\n\r\nhello')).status, 400);
  assert.equal((await cache.fetch(new Request('http://x/bad', { method: 'POST' }))).status, 405);
});
