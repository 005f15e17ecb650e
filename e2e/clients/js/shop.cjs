// What the apps of these tests answer, whatever tells of them: a cart that was cached for even numbers, and a failure.
exports.shop = (path) => {
  const cart = /^\/cart\/(\d+)$/.exec(path);
  if (cart) return { route: '/cart/:id', status: 200, cache: cart[1] % 2 ? 'MISS from edge' : 'HIT from edge' };
  if (path === '/boom') throw new TypeError('the shop is closed');
  return { status: 404 };
};

let cold = true;

// True for the first call of the process: how a function knows that it started cold.
exports.startedCold = () => cold && !(cold = false);

// Listens on a free port of this machine and tells it as the programs of edgescope do.
exports.listen = (server) => server.listen(0, '127.0.0.1', () => exports.tell(server.address().port));
exports.tell = (port) => console.error(`listening name=http addr=127.0.0.1:${port}`);

// Runs work when the process is told to end, and then ends it.
exports.onStop = (work) => process.once('SIGTERM', () => work().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
}));
