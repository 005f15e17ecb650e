// A Worker on @microlabs/otel-cf-workers with Hono in it.
import { instrument } from '@microlabs/otel-cf-workers';
import { app } from './hono.mjs';

export default instrument({ fetch: app.fetch }, (env) => ({
  exporter: { url: `${env.OTLP_URL}/v1/traces` },
  service: { name: 'shop', version: '3' },
}));
