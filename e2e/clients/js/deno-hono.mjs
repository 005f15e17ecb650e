// A server on Deno, which tells of itself (OTEL_DENO=true), with Hono in it.
import process from 'node:process';
import { app } from './hono.mjs';
import { tell } from './shop.cjs';

const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => tell(port) }, app.fetch);
process.once('SIGTERM', () => server.shutdown()); // and Deno ends, when it has exported
