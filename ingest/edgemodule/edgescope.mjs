// edgescope.mjs tells a collector of every request of an edge function: one server span with children, or one data point.
// It runs on Workers, Deno, Vercel and Node, and needs nothing else. docs/edge-module.md has all options.
//
//   import { wrap } from './edgescope.mjs';
//   export default wrap({ fetch }, { url: 'https://collector.example', service: 'shop', token: '...' });
//
// Requests that their caller did not sample are told too, and tracestate is not repeated: the collector counts invocations.

export const INTERNAL = 1, SERVER = 2, CLIENT = 3; // enum SpanKind of OTLP

const MAX_QUEUED = 4096; // spans or points that wait for a post; more are dropped and counted
const MAX_BATCH = 256; // of them in a post
const MAX_POSTS = 4; // at a time
const WAITS = [100, 300, 1000, 3000, 5000]; // ms before each further try of a post
const TIMEOUT = 5000; // ms

// The headers that the collector reads place, invocation and cache status from.
const ASKED = ['cf-ipcountry', 'x-vercel-id', 'x-vercel-ip-country', 'x-nf-request-id'];
const ANSWERED = ['cache-status', 'cf-cache-status', 'x-vercel-cache', 'x-cache-status', 'x-cache', 'age'];

const traces = new WeakMap(); // by request
let served = false, instance; // of this isolate; random values are not allowed before its first request

/**
 * A handler that tells of the requests to another: a function, or an object with fetch. options may be a function of what
 * follows the request.
 */
export function wrap(handler, options) {
  const ours = new Exporter();
  const fetch = async (request, ...rest) => {
    const trace = new Trace(request.headers.get('traceparent'));
    traces.set(request, trace);
    let response;
    try {
      return response = await (handler.fetch ? handler.fetch(request, ...rest) : handler(request, ...rest));
    } catch (error) {
      throw trace.error = error;
    } finally {
      const sent = tell(trace, request, response, options, rest, ours);
      rest.find((arg) => arg?.waitUntil)?.waitUntil(sent);
    }
  };
  return handler.fetch ? { ...handler, fetch } : fetch;
}

/** The spans of a request that a wrapped handler is given. */
export const trace = (request) => traces.get(request) ?? new Trace();

/** Tells of a request. Never throws: no request fails for its telemetry. */
async function tell(trace, request, response, options, rest, ours) {
  try {
    const o = typeof options === 'function' ? options(...rest) : options;
    const { url, token, dataset, exporter = ours } = o;
    const region = o.region ?? request.cf?.colo ?? variable('VERCEL_REGION', 'DENO_REGION', 'FLY_REGION', 'AWS_REGION');
    const spans = trace.end(request, response);
    const point = layout(trace, response, region);
    if (dataset?.writeDataPoint) return dataset.writeDataPoint(point);
    if (!url) return;
    exporter.add(dataset ? [point] : spans);
    await exporter.flush({
      url: url.replace(/\/+$/, '') + (dataset ? `/v1/datapoints/${dataset}` : '/v1/traces'), token,
      encode: (items) => JSON.stringify(dataset ? items : traceRequest(items, o, region)),
    });
  } catch (error) {
    console.error('edgescope', error);
  }
}

/** The first of the environment's variables that is there. Deno would ask its user for those that it may not read. */
function variable(...names) {
  const deno = globalThis.Deno?.permissions;
  const may = (variable) => !deno || deno.querySync({ name: 'env', variable }).state === 'granted';
  return names.map((name) => may(name) ? globalThis.process?.env?.[name] : '').find(Boolean);
}

function platform() {
  if (globalThis.navigator?.userAgent === 'Cloudflare-Workers') return 'cloudflare.workers';
  return globalThis.Netlify ? 'netlify' : globalThis.Deno ? 'deno' : undefined; // Vercel tells itself by its headers
}

/** A data point of the collector's own layout, which is legal for Analytics Engine. */
function layout({ attributes, start, finish }, response, region) {
  const route = attributes['http.route'] ?? '', method = attributes['http.request.method'];
  const told = ANSWERED.slice(1, 4).map((name) => response?.headers.get(name)); // those of one plain word
  const cache = attributes['edge.cache.status'] ?? told.find(Boolean);
  return {
    indexes: [`${method} ${route}`.trim().slice(0, 96)],
    blobs: [
      region ?? '', String(attributes['http.response.status_code'] ?? 500), new Date(finish).toISOString(), cache ?? '', route,
    ],
    doubles: [finish - start, 1, attributes['faas.coldstart'] ? 1 : 0],
  };
}

/** The trace and parent of a traceparent header (W3C Trace Context 3.2), or a new trace without parent. */
export function parseTraceparent(header) {
  const [, traceId, parentId] = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(header ?? '') ?? [];
  const valid = traceId && !header.startsWith('ff') && !(header.startsWith('00') && header.length > 55)
    && !/^0+$/.test(traceId) && !/^0+$/.test(parentId);
  return valid ? { traceId, parentId } : { traceId: randomHex(16), parentId: '' };
}

/** The spans of one request: one server span, and children under it. */
export class Trace {
  attributes = {}; // of the server span; they win over what the request says
  cold = !served;
  start = Date.now(); // ms, as all times
  children = []; // those that have ended: {name, start, end ...}

  constructor(traceparent) {
    served = true;
    Object.assign(this, parseTraceparent(traceparent), { spanId: randomHex(8) });
  }

  /** Adds attributes to the server span. */
  set(attributes) {
    Object.assign(this.attributes, attributes);
  }

  /** Runs work as a child span. attributes may be a function of what work answers. */
  async child(name, kind, work, attributes) {
    const span = { spanId: randomHex(8), parentSpanId: this.spanId, name, kind, start: Date.now() };
    try {
      const result = await work();
      span.attributes = typeof attributes === 'function' ? attributes(result) : attributes;
      return result;
    } catch (error) {
      throw span.error = error;
    } finally {
      span.end = Date.now();
      this.children.push(span);
    }
  }

  /** Ends the server span and answers all spans in OTLP's JSON form. */
  end(request, response) {
    const { spanId, parentId: parentSpanId, start, error } = this;
    const { method, headers, url, cf } = request, { protocol, pathname } = new URL(url);
    const header = (side, from, names) => names.map((name) => [`http.${side}.header.${name}`, from?.headers.get(name)]);
    const attributes = this.attributes = {
      'faas.trigger': 'http', 'faas.coldstart': this.cold, 'faas.instance': instance ??= randomHex(8),
      'faas.invocation_id': headers.get('cf-ray'), // names the PoP; as a header it would say that this runs on Workers
      'http.request.method': method, 'url.scheme': protocol.slice(0, -1), 'url.path': pathname,
      'http.response.status_code': response?.status, 'user_agent.original': headers.get('user-agent'),
      'geo.country.iso_code': cf?.country, 'error.type': error?.name,
      'edge.client.rtt': cf?.clientTcpRtt > 0 ? cf.clientTcpRtt * 1e6 : '', // ns; QUIC has 0, which is not known
      ...Object.fromEntries([...header('request', request, ASKED), ...header('response', response, ANSWERED)]),
      ...this.attributes,
    };
    const name = `${method} ${attributes['http.route'] ?? ''}`.trim();
    const end = this.finish = Date.now();
    return [...this.children, { spanId, parentSpanId, name, kind: SERVER, start, end, attributes, error }]
      .map((span) => encodeSpan(this.traceId, span));
  }
}

function encodeSpan(traceId, { spanId, parentSpanId, name, kind, start, end, attributes, error }) {
  const span = {
    traceId, spanId, name, kind,
    startTimeUnixNano: nanos(start), endTimeUnixNano: nanos(end), attributes: encode(attributes),
  };
  if (parentSpanId) span.parentSpanId = parentSpanId;
  if (error) {
    const { name: type, message = String(error), stack } = error; // anything can be thrown
    const attributes = encode({ 'exception.type': type, 'exception.message': message, 'exception.stacktrace': stack });
    span.status = { code: 2, message };
    span.events = [{ timeUnixNano: nanos(end), name: 'exception', attributes }];
  }
  return span;
}

/** Attributes as OTLP's JSON has them. Undefined, null and empty ones are left out: absent is unknown. */
function encode(attributes = {}) {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([key, value]) => ({ key, value: encodeValue(value) }));
}

function encodeValue(value) {
  if (typeof value === 'boolean') return { boolValue: value };
  if (Number.isInteger(value)) return { intValue: String(value) };
  return typeof value === 'number' ? { doubleValue: value } : { stringValue: String(value) };
}

const nanos = (ms) => `${Math.round(ms)}000000`;

function randomHex(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, '0')).join('');
}

function traceRequest(spans, { service, version, attributes }, region) {
  const resource = encode({
    'service.name': service, 'service.version': version, 'cloud.platform': platform(),
    'cloud.region': region, 'edge.colo': /^[A-Z]{3}$/.test(region) ? region : '',
    'telemetry.sdk.name': 'edgescope', 'telemetry.sdk.language': 'webjs', ...attributes,
  });
  return { resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope: { name: 'edgescope' }, spans }] }] };
}

/**
 * Sends what an isolate has to tell, without holding any request up. A quiet isolate sends each request at once; a busy one
 * has MAX_POSTS posts on their way, and what comes meanwhile goes together in the next.
 */
export class Exporter {
  #queue = [];
  #posts = 0;
  #counts = { sent: 0, retries: 0, lost: 0, dropped: 0 };

  /** Takes spans or points for sending. Those that find the queue full are dropped, and counted. */
  add(items) {
    const room = Math.max(MAX_QUEUED - this.#queue.length, 0);
    this.#counts.dropped += Math.max(items.length - room, 0);
    this.#queue.push(...items.slice(0, room));
  }

  /** Counts of spans or points (retries: of posts): sent; lost after the last try; dropped at a full queue; waiting. */
  get counts() {
    return { ...this.#counts, waiting: this.#queue.length };
  }

  /** Sends what waits, unless enough posts are on their way: those send the rest when done. Throws only what encode does. */
  async flush({ url, token, encode }) {
    while (this.#queue.length > 0 && this.#posts < MAX_POSTS) {
      const body = encode(this.#queue.slice(0, MAX_BATCH));
      const size = this.#queue.splice(0, MAX_BATCH).length;
      this.#posts++;
      const rejected = await this.#post(url, token, body, size);
      this.#posts--;
      this.#counts.lost += rejected;
      this.#counts.sent += size - rejected;
    }
  }

  /**
   * Posts the body, and again the same bytes after an answer that OTLP calls retryable: so a receiver can tell a repeat.
   * Answers how many items were lost.
   */
  async #post(url, token, body, size) {
    for (const wait of [...WAITS, null]) {
      const { rejected, again } = await postOnce(url, token, body, size);
      if (!again || wait === null) return rejected;
      this.#counts.retries++;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

/** One post: how many items did not arrive, and whether to send them again (OTLP 1.11, "Failures" of OTLP/HTTP). */
async function postOnce(url, token, body, size) {
  try {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(TIMEOUT) });
    const text = await response.text(); // a body left unread holds the connection
    if (!response.ok) return { rejected: size, again: [429, 502, 503, 504].includes(response.status) };
    const answer = JSON.parse(text || '{}');
    return { rejected: Number(answer.partialSuccess?.rejectedSpans ?? answer.rejected ?? 0), again: false };
  } catch {
    return { rejected: size, again: true };
  }
}
