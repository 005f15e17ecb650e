// process, performance, and small modules about the process.
const { EventEmitter } = require('events');
const machine = native.machine();

const refuse = (what) => () => { throw new Error(`${what} is not available in loadgen`); };
const print = (way) => ({
  isTTY: false,
  fd: way === 'log' ? 1 : 2,
  write(text) { global.console[way](String(text).replace(/\n$/, '')); return true; },
  on() { return this; }, once() { return this; }, emit: () => false, end() {}, cork() {}, uncork() {},
});
const ms = () => native.elapsed();
const hrtime = (since) => {
  const now = ms() * 1e6;
  const seconds = Math.floor(now / 1e9), rest = Math.floor(now % 1e9);
  if (since === undefined) return [seconds, rest];
  const d = (seconds - since[0]) * 1e9 + rest - since[1];
  return [Math.floor(d / 1e9), d % 1e9];
};
hrtime.bigint = () => BigInt(Math.round(ms() * 1e6));

const process = Object.assign(new EventEmitter(), {
  env: Object.fromEntries(Object.keys(machine.vars).sort().map((name) => [name, machine.vars[name]])),
  argv: ['node', machine.path],
  argv0: 'node',
  execArgv: [],
  execPath: '/usr/bin/node',
  version: 'v22.18.0',
  versions: { node: '22.18.0' },
  release: { name: 'node', lts: 'Jod' },
  features: {},
  config: { variables: {} },
  title: 'loadgen',
  platform: machine.platform,
  arch: machine.arch,
  pid: machine.pid,
  ppid: 0,
  exitCode: undefined,
  stdout: print('log'),
  stderr: print('error'),
  stdin: { isTTY: false, on() { return this; } },
  nextTick: (f, ...args) => { Promise.resolve().then(() => f(...args)); },
  cwd: () => native.folder(),
  hrtime,
  uptime: () => ms() / 1000,
  memoryUsage: Object.assign(() => { const m = native.heap(); return { rss: m.all, heapTotal: m.total, heapUsed: m.used, external: 0, arrayBuffers: 0 }; }, { rss: () => native.heap().all }),
  cpuUsage: () => ({ user: Math.round(ms() * 1000), system: 0 }),
  emitWarning: (w) => { global.console.warn(w instanceof Error ? w.message : String(w)); },
  umask: () => 18,
  getuid: () => -1,
  exit: refuse('process.exit'),
  abort: refuse('process.abort'),
  kill: refuse('process.kill'),
  chdir: refuse('process.chdir'),
  binding: refuse('process.binding'),
  dlopen: refuse('process.dlopen'),
});
Object.defineProperty(process, Symbol.toStringTag, { value: 'process', configurable: true });

const marks = new Map();
const performance = {
  now: ms,
  get timeOrigin() { return native.origin(); },
  mark(name) { const entry = { name, entryType: 'mark', startTime: ms(), duration: 0 }; marks.set(name, entry); return entry; },
  measure(name, from, to) {
    const start = marks.has(from) ? marks.get(from).startTime : 0, end = marks.has(to) ? marks.get(to).startTime : ms();
    return { name, entryType: 'measure', startTime: start, duration: end - start };
  },
  clearMarks() { marks.clear(); }, clearMeasures() {}, getEntries: () => [...marks.values()], getEntriesByName: (name) => (marks.has(name) ? [marks.get(name)] : []), getEntriesByType: () => [],
  toJSON: () => ({ timeOrigin: native.origin() }),
};

class Module {
  static builtinModules = [...native.modules()];
  static isBuiltin = (name) => Module.builtinModules.includes(name.replace(/^node:/, ''));
  static createRequire = () => (name) => native.module(name); // files are bundled where import or require names them
}
Module.Module = Module;

Object.assign(exports, {
  process, performance,
  perf_hooks: { performance, PerformanceObserver: class { observe() {} disconnect() {} }, constants: {} },
  tty: { isatty: () => false, ReadStream: class {}, WriteStream: class {} },
  module: Module,
});
Object.defineProperty(exports, 'console', { enumerable: true, get: () => global.console });
