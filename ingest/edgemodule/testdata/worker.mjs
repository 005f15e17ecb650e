// A Worker that tells of itself in each of the ways that edgescope.mjs knows, by the first segment of the path.
import { trace, wrap } from './edgescope.mjs';

async function answer(request) {
  trace(request).set({ 'http.route': '/:way/img' });
  await trace(request).child('resize', 1, () => {}, { 'image.width': 640 });
  return new Response('', { status: 203, headers: { 'cf-cache-status': 'REVALIDATED' } });
}

const ways = {
  spans: wrap(answer, (env) => ({ url: env.OTLP_URL, service: 'shop', version: '7', token: 'secret' })),
  points: wrap(answer, (env) => ({ url: env.OTLP_URL, dataset: 'edge', token: 'secret' })),
  binding: wrap(answer, (env) => ({ dataset: env.AE })),
};

export default { fetch: (request, env, ctx) => ways[new URL(request.url).pathname.split('/')[1]](request, env, ctx) };
