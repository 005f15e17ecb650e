// The store behind the Cache API of one region, as a service of its own. workerd sends it
//   GET url     answered 200 with CF-Cache-Status: HIT, or 504 with MISS
//   PUT url     whose body is the whole HTTP response to keep, status line and headers included
//   PURGE url   answered 200 if there was something to remove, else 404
// It keeps responses in memory, the longest unused go first.

const MAX_ENTRIES = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ENTRY = 8 * 1024 * 1024;

const entries = new Map(); // url -> {status, headers, body, expires}; insertion order is order of use
let bytes = 0;

export default {
  async fetch(request) {
    switch (request.method) {
      case 'GET': return get(request.url);
      case 'PUT': return put(request.url, new Uint8Array(await request.arrayBuffer()));
      case 'PURGE': return new Response(null, { status: remove(request.url) ? 200 : 404 });
      default: return new Response('a cache takes GET, PUT and PURGE', { status: 405 });
    }
  },
};

function get(url) {
  const entry = entries.get(url);
  if (entry && entry.expires <= Date.now()) remove(url);
  if (!entries.has(url)) return new Response(null, { status: 504, headers: { 'cf-cache-status': 'MISS' } });
  entries.delete(url); // and put back, as the latest used
  entries.set(url, entry);
  const headers = new Headers(entry.headers);
  headers.set('cf-cache-status', 'HIT');
  return new Response(entry.body, { status: entry.status, headers });
}

function put(url, message) {
  const entry = parse(message);
  if (!entry) return new Response('not an HTTP response', { status: 400 });
  const seconds = lifetime(entry.headers.get('cache-control') ?? '');
  remove(url);
  if (seconds > 0 && entry.body.length <= MAX_ENTRY) {
    entries.set(url, { ...entry, expires: Date.now() + seconds * 1000 });
    bytes += entry.body.length;
    while (entries.size > MAX_ENTRIES || bytes > MAX_BYTES) remove(entries.keys().next().value);
  }
  return new Response(null, { status: 204 });
}

function remove(url) {
  const entry = entries.get(url);
  if (!entry) return false;
  bytes -= entry.body.length;
  return entries.delete(url);
}

/** How many seconds a shared cache may keep a response (RFC 9111 section 4.2.1); 0 for not at all. */
function lifetime(cacheControl) {
  if (/\b(no-store|private)\b/i.test(cacheControl)) return 0;
  const found = /\bs-maxage=(\d+)/i.exec(cacheControl) ?? /\bmax-age=(\d+)/i.exec(cacheControl);
  return found ? Number(found[1]) : 0;
}

/** Takes a serialized HTTP/1.1 response apart; null if it is none. */
function parse(message) {
  const end = find(message, '\r\n\r\n', 0);
  if (end < 0) return null;
  const [statusLine, ...lines] = new TextDecoder().decode(message.subarray(0, end)).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  if (!status) return null;
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const chunked = /\bchunked\b/i.test(headers.get('transfer-encoding') ?? '');
  headers.delete('transfer-encoding');
  headers.delete('content-length');
  const rest = message.slice(end + 4);
  return { status, headers, body: chunked ? joinChunks(rest) : rest };
}

/** The body of chunked transfer coding (RFC 9112 section 7.1), trailers left out. */
function joinChunks(coded) {
  const parts = [];
  for (let at = 0; ;) {
    const line = find(coded, '\r\n', at);
    if (line < 0) break;
    const size = parseInt(new TextDecoder().decode(coded.subarray(at, line)), 16);
    if (!(size > 0)) break;
    parts.push(coded.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  const body = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** Where the ASCII text is found in the bytes, from there on; -1 if nowhere. */
function find(haystack, text, from) {
  for (let i = haystack.indexOf(text.charCodeAt(0), from); i >= 0; i = haystack.indexOf(text.charCodeAt(0), i + 1)) {
    let same = 1;
    while (same < text.length && haystack[i + same] === text.charCodeAt(same)) same++;
    if (same === text.length) return i;
  }
  return -1;
}
