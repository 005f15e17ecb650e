// An app on Hono with its middleware for OpenTelemetry, for runtimes that make a span of their own around it: all that the app
// says, it says of the middleware's span.
import { Hono } from 'hono';
import { httpInstrumentationMiddleware } from '@hono/otel';
import { trace } from '@opentelemetry/api';
import shop from './shop.cjs';

const answer = (c) => {
  trace.getActiveSpan().setAttribute('faas.coldstart', shop.startedCold());
  const { status, cache } = shop.shop(c.req.path);
  c.header('x-cache', cache);
  return c.body('', status);
};

export const app = new Hono();
app.use(httpInstrumentationMiddleware({ captureResponseHeaders: ['x-cache'] }));
app.get('/cart/:id', answer);
app.get('/boom', answer);
