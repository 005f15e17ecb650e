// Spans of one request, and their export as OTLP/JSON (opentelemetry-proto, collector/trace/v1), without an SDK.
//
// Every request is exported, whatever the sampled flag of its traceparent says: the collector counts invocations. For the
// same reason tracestate is not repeated: its ot=th would say how the caller sampled, and weigh our spans by it.

export const INTERNAL = 1, SERVER = 2, CLIENT = 3; // enum SpanKind

const MAX_QUEUED = 4096; // spans that wait for a post; more are dropped and counted
const MAX_BATCH = 256; // spans in a post
const MAX_POSTS = 4; // posts at a time, from one isolate
const WAITS = [100, 300, 1000, 3000, 5000]; // ms before each further try of a post
const POST_TIMEOUT = 5000; // ms

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** The trace and parent that a traceparent header names (W3C Trace Context, section 3.2), or a new trace without parent. */
export function parseTraceparent(header) {
  const [, traceId, parentId] = TRACEPARENT.exec(header ?? '') ?? [];
  const valid = traceId && !header.startsWith('ff') && !(header.startsWith('00') && header.length > 55)
    && !/^0+$/.test(traceId) && !/^0+$/.test(parentId);
  return valid ? { traceId, parentId } : { traceId: randomHex(16), parentId: '' };
}

/** The spans of one request: one server span, and children under it. */
export class Trace {
  #spans = [];
  #start = Date.now();

  constructor(traceparent) {
    const { traceId, parentId } = parseTraceparent(traceparent);
    this.traceId = traceId;
    this.parentId = parentId;
    this.spanId = randomHex(8);
  }

  /** Runs work as a child span. attributes may be a function of what work answers. */
  async child(name, kind, work, attributes = {}) {
    const span = { spanId: randomHex(8), parentSpanId: this.spanId, name, kind, start: Date.now() };
    try {
      const result = await work();
      span.attributes = typeof attributes === 'function' ? attributes(result) : attributes;
      return result;
    } catch (error) {
      span.error = error;
      throw error;
    } finally {
      span.end = Date.now();
      this.#spans.push(span);
    }
  }

  /** How long children of that name took together, in whole ms. */
  took(name) {
    return this.#spans.reduce((sum, span) => span.name === name ? sum + span.end - span.start : sum, 0);
  }

  /** Ends the server span and answers all spans of the request in OTLP's JSON form. */
  end(name, attributes, error) {
    this.#spans.push({
      spanId: this.spanId, parentSpanId: this.parentId, name, kind: SERVER, start: this.#start, end: Date.now(), attributes, error,
    });
    return this.#spans.map((span) => encodeSpan(this.traceId, span));
  }
}

function encodeSpan(traceId, { spanId, parentSpanId, name, kind, start, end, attributes, error }) {
  const span = {
    traceId, spanId, name, kind,
    startTimeUnixNano: nanos(start), endTimeUnixNano: nanos(end), attributes: encodeAttributes(attributes ?? {}),
  };
  if (parentSpanId) span.parentSpanId = parentSpanId;
  if (error) {
    const attributes = { 'exception.type': error.name, 'exception.message': error.message, 'exception.stacktrace': error.stack };
    span.status = { code: 2, message: String(error.message) };
    span.events = [{ timeUnixNano: nanos(end), name: 'exception', attributes: encodeAttributes(attributes) }];
  }
  return span;
}

/** Integers become intValue as text, as OTLP's JSON has them; undefined and empty values are left out: absent is unknown. */
function encodeAttributes(attributes) {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([key, value]) => ({ key, value: encodeValue(value) }));
}

function encodeValue(value) {
  if (typeof value === 'boolean') return { boolValue: value };
  if (Number.isInteger(value)) return { intValue: String(value) };
  if (typeof value === 'number') return { doubleValue: value };
  return { stringValue: String(value) };
}

function nanos(ms) {
  return `${Math.round(ms)}000000`;
}

function randomHex(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, '0')).join('');
}

/**
 * Sends the spans of all requests of an isolate, without holding any of them up. Whoever ends a request calls flush in
 * waitUntil. A quiet isolate sends each request at once; a busy one has MAX_POSTS posts on their way, and what comes
 * meanwhile goes together in the next.
 */
export class Exporter {
  #queue = [];
  #posts = 0;
  #counts = { sent: 0, retries: 0, lost: 0, dropped: 0 };

  /** Takes the spans of one request for sending. Those that find the queue full are dropped, and counted. */
  add(spans) {
    const room = Math.max(MAX_QUEUED - this.#queue.length, 0);
    this.#counts.dropped += Math.max(spans.length - room, 0);
    this.#queue.push(...spans.slice(0, room));
  }

  /** Counts of spans (retries: of posts): sent; lost after the last try; dropped at a full queue; waiting. */
  get counts() {
    return { ...this.#counts, waiting: this.#queue.length };
  }

  /** Sends what waits, unless enough posts are on their way: those send the rest when they are done. Never throws. */
  async flush(url, resource) {
    while (this.#queue.length > 0 && this.#posts < MAX_POSTS) {
      const spans = this.#queue.splice(0, MAX_BATCH);
      this.#posts++;
      const rejected = await this.#post(`${url}/v1/traces`, encodeRequest(spans, resource), spans.length);
      this.#posts--;
      this.#counts.lost += rejected;
      this.#counts.sent += spans.length - rejected;
    }
  }

  /**
   * Posts the body, and again the same bytes after an answer that OTLP calls retryable: so a receiver can tell a repeat.
   * Answers how many of its spans did not arrive.
   */
  async #post(url, body, spanCount) {
    for (const wait of [...WAITS, null]) {
      const { rejected, again } = await postOnce(url, body, spanCount);
      if (!again || wait === null) return rejected;
      this.#counts.retries++;
      await scheduler.wait(wait);
    }
  }
}

function encodeRequest(spans, resource) {
  const scopeSpans = [{ scope: { name: 'wasm-bench' }, spans }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: encodeAttributes(resource) }, scopeSpans }] });
}

/** One post: how many spans did not arrive, and whether to send them again (OTLP 1.11, "Failures" of OTLP/HTTP). */
async function postOnce(url, body, spanCount) {
  try {
    const response = await fetch(url, {
      method: 'POST', body, headers: { 'content-type': 'application/json' }, signal: AbortSignal.timeout(POST_TIMEOUT),
    });
    const text = await response.text(); // a body left unread holds the connection
    if (!response.ok) return { rejected: spanCount, again: [429, 502, 503, 504].includes(response.status) };
    return { rejected: Number(JSON.parse(text || '{}').partialSuccess?.rejectedSpans ?? 0), again: false };
  } catch {
    return { rejected: spanCount, again: true };
  }
}
