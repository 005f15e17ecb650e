// A server on Deno, which tells of itself (OTEL_DENO=true): spans, metrics and console lines. The app adds what only it knows.
import { trace } from '@opentelemetry/api';
import process from 'node:process';
import { shop, startedCold, tell } from './shop.cjs';

const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => tell(port) }, (request) => {
  const span = trace.getActiveSpan();
  span.setAttribute('faas.coldstart', startedCold());
  const { route, status, cache } = shop(new URL(request.url).pathname);
  span.setAttributes({ 'http.route': route, 'http.response.header.x-cache': cache });
  span.updateName(`${request.method} ${route}`);
  console.log(`served ${route}`);
  return new Response('', { status });
});
process.once('SIGTERM', () => server.shutdown()); // and Deno ends, when it has exported
