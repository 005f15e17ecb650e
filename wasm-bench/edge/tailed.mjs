// A Worker with something to tell its tail: console lines, an exception, a request to another service.

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    console.log('start', pathname);
    if (pathname === '/boom') throw new TypeError('bad width');
    if (pathname === '/origin') await (await fetch(`${env.EDGESCOPE_URL}/edgescope.mjs`)).text();
    console.warn({ w: 640, ok: true });
    return new Response('', { status: pathname.startsWith('/img/') || pathname === '/origin' ? 200 : 404 });
  },
};
