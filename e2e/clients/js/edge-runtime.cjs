// Runs a bundled edge function, its first argument, in Vercel's edge runtime.
const { readFileSync } = require('node:fs');
const { EdgeRuntime, runServer } = require('edge-runtime');
const { tell, onStop } = require('./shop.cjs');

const { VERCEL_REGION, EDGESCOPE_URL } = process.env;
const runtime = new EdgeRuntime({
  initialCode: readFileSync(process.argv[2], 'utf8'),
  extend: (context) => Object.assign(context, { process: { env: { VERCEL_REGION, EDGESCOPE_URL } } }),
});
runServer({ runtime, host: '127.0.0.1', port: 0 }).then((server) => {
  tell(new URL(server.url).port);
  onStop(async () => {
    await server.waitUntil();
    await server.close();
  });
});
