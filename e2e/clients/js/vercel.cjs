// An app on @vercel/otel as Next.js runs on Vercel's Node runtime: the platform's request context around each request, and the
// framework's own server span in it (next/src/server/lib/trace, BaseServer.handleRequest).
const { AsyncLocalStorage } = require('node:async_hooks');
const http = require('node:http');
const { trace, SpanKind, SpanStatusCode } = require('@opentelemetry/api');
const { shop, listen, onStop } = require('./shop.cjs');

const requests = new AsyncLocalStorage(), waiting = [];
globalThis[Symbol.for('@vercel/request-context')] = { get: () => requests.getStore() };

async function serve(request, response) {
  await trace.getTracer('next.js', '0.0.1').startActiveSpan(`${request.method}`, {
    kind: SpanKind.SERVER,
    attributes: { 'http.method': request.method, 'http.target': request.url, 'next.span_type': 'BaseServer.handleRequest' },
  }, async (span) => {
    try {
      const { route, status, cache } = shop(request.url);
      span.updateName(`${request.method} ${route}`);
      span.setAttributes({ 'http.status_code': status, 'http.route': route, 'next.route': route, 'http.response.header.x-vercel-cache': cache.split(' ')[0] });
      await fetch(process.env.ORIGIN_URL).then((origin) => origin.text());
      response.writeHead(status).end();
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      span.setAttribute('http.status_code', 500);
      response.writeHead(500).end();
    } finally {
      span.end();
    }
  });
}

import('@vercel/otel').then(({ registerOTel }) => {
  registerOTel({ serviceName: 'shop-vercel', attributesFromHeaders: { 'http.request.header.x-vercel-ip-country': 'x-vercel-ip-country' } });
  const server = http.createServer(({ headers, method, url }, response) => {
    const context = { headers, url: `https://${headers.host}${url}`, waitUntil: (promise) => waiting.push(promise) };
    requests.run(context, serve, { method, url }, response);
  });
  listen(server);
  onStop(async () => {
    server.close();
    server.closeAllConnections();
    await Promise.all(waiting.map((promise) => typeof promise === 'function' ? promise() : promise));
  });
});
