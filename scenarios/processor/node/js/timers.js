// The timers of the worker, under the names of the modules.
const { DOMException } = require('events');
const later = (start) => (...args) => new Promise((resolve, reject) => {
  const { signal } = args[args.length - 1] || {};
  const stop = () => reject(signal.reason || new DOMException('This operation was aborted', 'AbortError'));
  if (signal && signal.aborted) return stop();
  if (signal) signal.addEventListener('abort', stop, { once: true });
  start(resolve, args);
});

for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate']) {
  exports[name] = (...args) => global[name](...args);
}
exports.promises = {
  setTimeout: later((done, [ms, value]) => global.setTimeout(() => done(value), ms)),
  setImmediate: later((done, [value]) => global.setImmediate(() => done(value))),
  scheduler: { wait: later((done, [ms]) => global.setTimeout(() => done(), ms)), yield: later((done) => global.setImmediate(() => done())) },
};
