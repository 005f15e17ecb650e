// The edge function of edgescope: an image service on workerd or Cloudflare Workers. This module is what every request has in
// common: it finds the route, marks cold starts, sets the headers, and tells of the request by one server span (with children)
// and one data point. The routes themselves are in routes.mjs, the rules in SPEC.md.

import { Exporter, Trace } from './otlp.mjs';
import { Refusal, findRoute } from './routes.mjs';

const exporter = new Exporter();

let served = false; // whether this isolate has had a request
let isolate; // its id; random values are not allowed before the first request

export default {
  async fetch(request, env, ctx) {
    isolate ??= crypto.randomUUID();
    const trace = new Trace(request.headers.get('traceparent'));
    const url = new URL(request.url);
    // What the handlers find out: engine, cache status; and for /cold the isolate that it started.
    const facts = { region: env.REGION || 'local', cold: !served, isolate };
    served = true;

    const route = findRoute(url.pathname);
    const context = { request, url, env, ctx, trace, facts, exporter, params: route?.params };
    const { error, ...answer } = await respond(route, context);
    const body = typeof answer.body === 'string' ? new TextEncoder().encode(answer.body) : answer.body;
    const bytesOut = request.method === 'HEAD' ? 0 : body.length;

    writeDataPoint(env, route, facts, answer.status, bytesOut);
    if (env.OTLP_URL) {
      exporter.add(trace.end(...describe({ request, url, route, facts, trace, status: answer.status, bytesOut, error })));
      ctx.waitUntil(exporter.flush(env.OTLP_URL.replace(/\/+$/, ''), resource(env, facts.region)));
    }
    return new Response(body, { status: answer.status, headers: { ...answer.headers, ...commonHeaders(facts, trace) } });
  },
};

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
  if (facts.engine) timing.push(`kernel;dur=${trace.took('kernel')}`);
  if (facts.cache) timing.push(`cache;dur=${trace.took('cache_match')}`);
  if (facts.initMs !== undefined) timing.push(`init;dur=${facts.initMs}`);
  if (timing.length > 0) headers['server-timing'] = timing.join(', ');
  return headers;
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

/** Name, attributes and error of the server span (semantic conventions 1.44; edge.* where they have no name). */
function describe({ request, url, route, facts, trace, status, bytesOut, error }) {
  const name = route ? `${request.method} ${route.template}` : request.method;
  return [name, {
    'faas.trigger': 'http',
    'faas.coldstart': facts.cold,
    'faas.instance': facts.isolate,
    'faas.invocation_id': `${trace.spanId}-${facts.region}`, // as cf-ray is written
    'faas.init_duration': facts.initMs === undefined ? undefined : facts.initMs / 1000, // s
    'http.request.method': request.method,
    'http.route': route?.template,
    'http.response.status_code': status,
    'http.response.body.size': bytesOut,
    'url.scheme': url.protocol.slice(0, -1),
    'url.path': url.pathname,
    'user_agent.original': request.headers.get('user-agent'),
    'edge.cache.status': facts.cache,
    'edge.engine': facts.engine,
    'error.type': status >= 500 ? error?.name ?? String(status) : undefined,
  }, error];
}

function resource(env, region) {
  return {
    'service.name': env.SERVICE_NAME || 'edge-image',
    'service.version': env.SERVICE_VERSION,
    'cloud.provider': 'cloudflare',
    'cloud.platform': 'cloudflare.workers',
    'cloud.region': region,
    'edge.colo': /^[A-Z]{3}$/.test(region) ? region : undefined,
    'telemetry.sdk.name': 'edgescope-wasm-bench',
    'telemetry.sdk.language': 'webjs',
  };
}
