// The edge function of edgescope: an image service on workerd or Cloudflare Workers. This module is what every request has in
// common: it finds the route, marks cold starts, sets the headers, and tells of the request by one server span (with children)
// and one data point. The routes themselves are in routes.mjs, the rules in SPEC.md; the spans are those of edgescope.mjs.

import { Exporter, trace as traceOf, wrap } from './edgescope.mjs';
import { Refusal, findRoute } from './routes.mjs';

const exporter = new Exporter();

let isolate; // its id; random values are not allowed before the first request

async function fetch(request, env, ctx) {
  isolate ??= crypto.randomUUID();
  const trace = traceOf(request);
  const url = new URL(request.url);
  // What the handlers find out: engine, cache status; and for /cold the isolate that it started.
  const facts = { region: region(env), cold: trace.cold, isolate };

  const route = findRoute(url.pathname);
  const context = { request, url, env, ctx, trace, facts, exporter, params: route?.params };
  const { error, ...answer } = await respond(route, context);
  const body = typeof answer.body === 'string' ? new TextEncoder().encode(answer.body) : answer.body;
  const bytesOut = request.method === 'HEAD' ? 0 : body.length;

  writeDataPoint(env, route, facts, answer.status, bytesOut);
  trace.error = error;
  trace.set(describe({ route, facts, trace, status: answer.status, bytesOut, error }));
  return new Response(body, { status: answer.status, headers: { ...answer.headers, ...commonHeaders(facts, trace) } });
}

const region = (env) => env.REGION || 'local';

export default wrap({ fetch }, (env) => ({
  url: env.OTLP_URL,
  service: env.SERVICE_NAME || 'edge-image',
  version: env.SERVICE_VERSION,
  region: region(env),
  attributes: { 'cloud.provider': 'cloudflare' },
  exporter,
}));

/** Runs the route's handler. Answers {status, headers, body}, and error when the handler broke. */
async function respond(route, context) {
  try {
    if (!route) throw new Refusal(404, 'no such path: see SPEC.md for the routes');
    const method = context.request.method === 'HEAD' ? 'GET' : context.request.method;
    const handler = route.methods[method];
    if (!handler) {
      const allow = Object.keys(route.methods).join(', ');
      throw new Refusal(405, `${route.template} takes ${allow}`, { allow });
    }
    return await handler(context);
  } catch (error) {
    if (error instanceof Refusal) return error.answer();
    console.error(error.stack);
    return { ...new Refusal(500, 'internal error').answer(), error };
  }
}

function commonHeaders(facts, trace) {
  const headers = {
    'x-cold-start': facts.cold ? '1' : '0',
    'x-isolate': facts.isolate,
    'x-edge-region': facts.region,
    'x-engine': facts.engine ?? 'none',
  };
  if (facts.cache) headers['x-cache-status'] = facts.cache;
  const timing = [];
  if (facts.engine) timing.push(`kernel;dur=${took(trace, 'kernel')}`);
  if (facts.cache) timing.push(`cache;dur=${took(trace, 'cache_match')}`);
  if (facts.initMs !== undefined) timing.push(`init;dur=${facts.initMs}`);
  if (timing.length > 0) headers['server-timing'] = timing.join(', ');
  return headers;
}

/** How long the children of that name took together, in ms. */
function took(trace, name) {
  return trace.children.reduce((sum, span) => span.name === name ? sum + span.end - span.start : sum, 0);
}

/** The point has a layout of its own, on purpose: the span is the invocation, and one request must not count twice. */
function writeDataPoint(env, route, facts, status, bytesOut) {
  if (env.DATA_POINTS === 'off') return;
  env.AE?.writeDataPoint({
    indexes: [route?.operation ?? 'other'],
    blobs: [facts.region, facts.engine ?? 'none', facts.cold ? 'cold' : 'warm', facts.cache ?? 'none', String(status)],
    doubles: [1, bytesOut],
  });
}

/** What the server span says beside what edgescope.mjs finds out (semantic conventions 1.44; edge.* where they have no name). */
function describe({ route, facts, trace, status, bytesOut, error }) {
  return {
    'faas.coldstart': facts.cold,
    'faas.instance': facts.isolate,
    'faas.invocation_id': `${trace.spanId}-${facts.region}`, // as cf-ray is written
    'faas.init_duration': facts.initMs === undefined ? undefined : facts.initMs / 1000, // s
    'http.route': route?.template,
    'http.response.body.size': bytesOut,
    'edge.cache.status': facts.cache,
    'edge.engine': facts.engine,
    'error.type': status >= 500 ? error?.name ?? String(status) : undefined,
  };
}
