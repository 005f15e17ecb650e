// A server on Node, Deno or Bun, of which edgescope.mjs tells as the collector serves it. Its first argument is that file.
import process from 'node:process';
import { shop, listen, tell } from './shop.cjs';

const { Exporter, trace, wrap } = await import(process.argv[2]);
const { SERVICE: service, EDGESCOPE_URL: url, DATASET: dataset } = process.env;
const exporter = new Exporter();

const handler = wrap((request) => {
  const { route, status, cache } = shop(new URL(request.url).pathname);
  trace(request).set({ 'http.route': route });
  return new Response('', { status, headers: { 'x-cache': cache } });
}, { url, service, version: '3', dataset, exporter });

const answer = (request) => handler(request).catch(() => new Response('', { status: 500 }));
let stop; // and the process ends by itself, when it has sent what it had to
if (globalThis.Deno) {
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => tell(port) }, answer);
  stop = () => server.shutdown();
} else if (globalThis.Bun) {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer });
  tell(server.port);
  stop = () => server.stop();
} else {
  const { createServer } = await import('node:http');
  const server = createServer(async ({ url, method, headers }, outgoing) => {
    const response = await answer(new Request(`http://${headers.host}${url}`, { method, headers }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
  });
  listen(server);
  stop = () => {
    server.close();
    server.closeAllConnections();
  };
}
process.once('SIGTERM', stop);
