// A Worker on @microlabs/otel-cf-workers, bundled for workerd by the test. What it has answered it keeps in the Cache API.
import { trace } from '@opentelemetry/api';
import { instrument } from '@microlabs/otel-cf-workers';
import { shop } from './shop.cjs';

async function fetch(request, _, ctx) {
  const cached = await caches.default.match(request);
  if (cached) return cached;
  const { route, status } = shop(new URL(request.url).pathname);
  trace.getActiveSpan().setAttribute('http.route', route);
  const response = new Response('', { status, headers: { 'cache-control': 'max-age=60' } });
  ctx.waitUntil(caches.default.put(request, response.clone()));
  return response;
}

export default instrument({ fetch }, (env) => ({
  exporter: { url: `${env.OTLP_URL}/v1/traces` },
  service: { name: 'shop-worker', version: '3' },
}));
