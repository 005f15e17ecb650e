// The end of Node's messages about arguments of a wrong type.
module.exports = (value) => {
  if (value === null || value === undefined) return `Received ${value}`;
  if (typeof value === 'function') return `Received function ${value.name}`;
  if (typeof value === 'object') return value.constructor && value.constructor.name ? `Received an instance of ${value.constructor.name}` : 'Received [Object: null prototype]';
  let text = typeof value === 'string' ? `'${value}'` : typeof value === 'bigint' ? value + 'n' : String(value);
  if (text.length > 28) text = text.slice(0, 25) + '...';
  return `Received type ${typeof value} (${text})`;
};
