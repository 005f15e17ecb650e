// A Lambda function on Node with OpenTelemetry's instrumentation and detectors for AWS, and in front of it what AWS does: it
// turns a request into an event of an HTTP API, calls the handler with a context, and answers what that answers.
process.env.LAMBDA_TASK_ROOT = __dirname;
process.env._HANDLER = 'lambda-handler.handler';
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { AwsLambdaInstrumentation } = require('@opentelemetry/instrumentation-aws-lambda');
const { awsLambdaDetector } = require('@opentelemetry/resource-detector-aws');
const http = require('node:http');
const { randomUUID } = require('node:crypto');
const { listen, onStop } = require('./shop.cjs');

const sdk = new NodeSDK({ instrumentations: [new AwsLambdaInstrumentation()], resourceDetectors: [awsLambdaDetector] });
sdk.start();
const { handler } = require('./lambda-handler.cjs');
const { AWS_REGION: region, AWS_LAMBDA_FUNCTION_NAME: name, AWS_LAMBDA_FUNCTION_VERSION: version } = process.env;

const server = http.createServer(async ({ method, url, headers }, response) => {
  const event = {
    version: '2.0', routeKey: `${method} /cart/{id}`, rawPath: url, rawQueryString: '', headers: { ...headers, 'x-forwarded-proto': 'https' },
    requestContext: { accountId: '123456789012', stage: '$default', routeKey: `${method} /cart/{id}`, http: { method, path: url, protocol: 'HTTP/1.1' } },
  };
  const context = {
    functionName: name, functionVersion: version, awsRequestId: randomUUID(), memoryLimitInMB: '128',
    invokedFunctionArn: `arn:aws:lambda:${region}:123456789012:function:${name}`, getRemainingTimeInMillis: () => 3000,
  };
  const answer = await handler(event, context).catch(() => ({ statusCode: 502 })); // as API Gateway says it
  response.writeHead(answer.statusCode, answer.headers).end();
});
listen(server);
onStop(async () => {
  server.close();
  server.closeAllConnections();
  await sdk.shutdown();
});
