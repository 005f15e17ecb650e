// The function that lambda.cjs runs.
const { shop } = require('./shop.cjs');

exports.handler = async ({ rawPath }) => {
  const { status, cache } = shop(rawPath);
  return { statusCode: status, headers: { 'x-cache': cache } };
};
