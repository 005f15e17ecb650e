// The machine.
const machine = native.machine();
const refuse = (what) => () => { throw new Error(`os.${what} is not available in loadgen`); };

Object.assign(exports, {
  EOL: '\n',
  devNull: '/dev/null',
  hostname: () => native.hostname(),
  platform: () => machine.platform,
  type: () => ({ linux: 'Linux', darwin: 'Darwin', win32: 'Windows_NT' })[machine.platform] || machine.platform,
  arch: () => machine.arch,
  machine: () => machine.arch,
  release: () => '',
  version: () => '',
  tmpdir: () => native.tempDir(),
  homedir: () => process.env.HOME || '/',
  endianness: () => 'LE',
  uptime: () => native.elapsed() / 1000,
  loadavg: () => [0, 0, 0],
  totalmem: () => native.heap().all,
  freemem: () => Math.max(0, native.heap().all - native.heap().used),
  availableParallelism: () => machine.cores,
  cpus: () => Array.from({ length: machine.cores }, () => ({ model: '', speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } })),
  networkInterfaces: () => ({}),
  userInfo: () => ({ uid: -1, gid: -1, username: process.env.USER || '', homedir: process.env.HOME || '/', shell: null }),
  getPriority: () => 0,
  setPriority: refuse('setPriority'),
  constants: { signals: { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 }, errno: { ENOENT: 2, EACCES: 13, EEXIST: 17, ENOTDIR: 20, EISDIR: 21 }, priority: {} },
});
