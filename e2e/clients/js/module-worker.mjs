// A Worker of which edgescope.mjs tells; what is asked of /points it tells itself, by data points of no layout that anybody
// knows and of the collector's own.
import { trace, wrap } from './edgescope.mjs';
import shop from './shop.cjs';

function points(request, { AE }) {
  AE.writeDataPoint({ indexes: ['north'], blobs: ['a', null, 'c'], doubles: [19.5, NaN] });
  AE.writeDataPoint({ indexes: ['GET /cart/:id'], blobs: [request.cf.colo, '200', new Date().toISOString(), 'HIT', '/cart/:id'], doubles: [12.5, 1, 1] });
  return new Response('');
}

const told = wrap({
  fetch(request) {
    const { route, status, cache } = shop.shop(new URL(request.url).pathname);
    trace(request).set({ 'http.route': route });
    return new Response('', { status, headers: { 'cf-cache-status': cache.split(' ')[0] } });
  },
}, ({ OTLP_URL }) => ({ url: OTLP_URL, service: 'shop', version: '3' }));

export default {
  fetch: (request, env, ctx) => request.url.endsWith('/points') ? points(request, env) : told.fetch(request, env, ctx),
};
