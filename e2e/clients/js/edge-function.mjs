// An edge function of Vercel, of which edgescope.mjs tells; its test bundles both for edge-runtime.cjs.
import { trace, wrap } from 'edgescope.mjs';
import { shop } from './shop.cjs';

const handler = wrap((request) => {
  const { route, status, cache } = shop(new URL(request.url).pathname);
  trace(request).set({ 'http.route': route });
  return new Response('', { status, headers: { 'x-vercel-cache': cache.split(' ')[0] } });
}, { url: process.env.EDGESCOPE_URL, service: 'shop', version: '3' });

addEventListener('fetch', (event) => event.respondWith(handler(event.request, event).catch(() => new Response('', { status: 500 }))));
