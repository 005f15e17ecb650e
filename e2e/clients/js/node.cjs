// An HTTP server on Node with OpenTelemetry's SDK: spans by the instrumentation of node:http, logs, and metrics by hand.
// Where and how it exports is told by the variables OTEL_*.
const { NodeSDK, api, core } = require('@opentelemetry/sdk-node');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { logs, SeverityNumber } = require('@opentelemetry/api-logs');

const sdk = new NodeSDK({
  instrumentations: [new HttpInstrumentation({ headersToSpanAttributes: { server: { responseHeaders: ['x-cache'] } } })],
});
sdk.start();

const http = require('node:http'); // not before: the instrumentation has to see it
const { shop, startedCold, listen, onStop } = require('./shop.cjs');

const meter = api.metrics.getMeter('shop'), logger = logs.getLogger('shop');
const coldStarts = meter.createCounter('faas.coldstarts', { unit: '{coldstart}' });
const invocations = meter.createCounter('faas.invocations', { unit: '{invocation}' });
const errors = meter.createCounter('faas.errors', { unit: '{error}' });
const init = meter.createHistogram('faas.init_duration', { unit: 's', advice: { explicitBucketBoundaries: [0.1, 1, 10] } });
const duration = meter.createHistogram('faas.invoke_duration', { unit: 's' });

const server = http.createServer((request, response) => {
  const span = api.trace.getActiveSpan(), path = request.url.split('?')[0], cold = startedCold();
  span.setAttributes({ 'faas.coldstart': cold, 'odd.nan': NaN, 'odd.big': 1e300, 'odd.int': 2 ** 63 });
  if (cold) {
    coldStarts.add(1);
    init.record(0.25);
  }
  invocations.add(1);
  duration.record(0.02);
  try {
    const { route, status, cache } = shop(path);
    core.getRPCMetadata(api.context.active()).route = route;
    response.statusCode = status;
    response.setHeader('x-cache', cache); // what writeHead is given, the instrumentation does not see
    response.end(path);
    logger.emit({ severityNumber: SeverityNumber.INFO, body: { path, status }, attributes: { 'shop.cold': cold } });
  } catch (error) {
    errors.add(1);
    core.getRPCMetadata(api.context.active()).route = path;
    span.recordException(error);
    logger.emit({ severityNumber: SeverityNumber.ERROR, severityText: 'ERROR', body: error.message });
    response.writeHead(500).end();
  }
});
listen(server);
onStop(async () => {
  server.close();
  server.closeAllConnections();
  await sdk.shutdown();
});
