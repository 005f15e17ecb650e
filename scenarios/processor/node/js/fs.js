// Files below the script's folder, to be read. What would write says so by name.
const { Buffer } = require('buffer');

const named = (path) => {
  if (path !== null && typeof path === 'object' && path.href !== undefined) return require('url').fileURLToPath(path);
  if (path instanceof Uint8Array) return Buffer.from(path).toString();
  if (typeof path !== 'string') throw Object.assign(new TypeError(`The "path" argument must be of type string or an instance of Buffer or URL. ${require('received')(path)}`), { code: 'ERR_INVALID_ARG_TYPE' });
  return path;
};
const encodingOf = (options) => (typeof options === 'string' ? options : options && options.encoding);

class Stats {
  constructor(facts) {
    this.#kind = facts.kind;
    this.size = facts.size;
    this.mode = facts.mode | (facts.kind === 'folder' ? 0o40000 : 0o100000);
    for (const name of ['atime', 'mtime', 'ctime', 'birthtime']) {
      this[name] = new Date(facts.time);
      this[name + 'Ms'] = facts.time;
    }
    Object.assign(this, { dev: 0, ino: 0, nlink: 1, uid: 0, gid: 0, rdev: 0, blksize: 4096, blocks: Math.ceil(facts.size / 512) });
  }
  #kind;
  isFile() { return this.#kind === 'file'; }
  isDirectory() { return this.#kind === 'folder'; }
  isSymbolicLink() { return this.#kind === 'link'; }
  isFIFO() { return false; }
  isSocket() { return false; }
  isBlockDevice() { return false; }
  isCharacterDevice() { return false; }
}

class Dirent extends Stats {
  constructor(name, folder, kind) {
    super({ kind, size: 0, mode: 0, time: 0 });
    for (const key of Object.keys(this)) delete this[key];
    Object.assign(this, { name, parentPath: folder, path: folder });
  }
}

const readdir = (path, options) => {
  const folder = named(path);
  const { withFileTypes = false, recursive = false } = options !== null && typeof options === 'object' ? options : {};
  const all = [];
  const add = (below) => {
    const where = below === '' ? folder : folder + '/' + below;
    for (const [name, kind] of native.readFolder(where)) {
      const full = below === '' ? name : below + '/' + name;
      all.push(withFileTypes ? new Dirent(name, where, kind) : full);
      if (recursive && kind === 'folder') add(full);
    }
  };
  add('');
  return withFileTypes ? all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)) : all.sort();
};

const look = (follow) => (path, options) => {
  try { return new Stats(native.stat(named(path), follow)); } catch (err) {
    if (options && options.throwIfNoEntry === false && err.code === 'ENOENT') return undefined;
    throw err;
  }
};

const reads = {
  readFile(path, options) {
    const bytes = Buffer.from(native.readFile(named(path)));
    const encoding = encodingOf(options);
    return encoding ? bytes.toString(encoding) : bytes;
  },
  readdir,
  stat: look(true),
  lstat: look(false),
  access(path, mode = 0) {
    native.stat(named(path), true);
    if (mode & 2) throw Object.assign(new Error(`EROFS: read-only file system, access '${path}'`), { code: 'EROFS', syscall: 'access', path });
  },
  realpath: (path) => native.realPath(named(path)),
};
reads.realpath.native = reads.realpath;

const writes = ['writeFile', 'appendFile', 'mkdir', 'mkdtemp', 'rmdir', 'rm', 'unlink', 'rename', 'copyFile', 'cp', 'chmod', 'chown', 'symlink', 'link', 'truncate', 'utimes', 'open', 'readlink', 'opendir', 'watch', 'watchFile'];
const refusal = (name) => new Error(`fs.${name} is not available in loadgen: a processor may read files, and read only`);

const promises = {};
const offer = (name, f) => {
  exports[name + 'Sync'] = f;
  promises[name] = async (...args) => f(...args);
  exports[name] = (...args) => {
    const done = args.pop();
    if (typeof done !== 'function') throw Object.assign(new TypeError(`The "cb" argument must be of type function. ${require('received')(done)}`), { code: 'ERR_INVALID_ARG_TYPE' });
    let result, failure = null;
    try { result = f(...args); } catch (err) { failure = err; }
    Promise.resolve().then(() => (failure ? done(failure) : done(null, result)));
  };
};
for (const name of Object.keys(reads)) offer(name, reads[name]);
for (const name of writes) {
  exports[name + 'Sync'] = () => { throw refusal(name + 'Sync'); };
  promises[name] = async () => { throw refusal(name); };
  exports[name] = () => { throw refusal(name); };
}

exports.existsSync = (path) => { try { native.stat(named(path), true); return true; } catch (e) { return false; } };
exports.exists = (path, done) => { const there = exports.existsSync(path); Promise.resolve().then(() => done(there)); };
exports.createReadStream = (path, options = {}) => {
  const { Readable } = require('stream');
  const { start = 0, end = Infinity } = typeof options === 'object' ? options : {};
  let sent = false;
  const stream = new Readable({
    read() {
      if (sent) return;
      sent = true;
      try { this.push(reads.readFile(path).subarray(start, end + 1)); this.push(null); } catch (err) { this.destroy(err); }
    },
  });
  const encoding = encodingOf(options);
  if (encoding) stream.setEncoding(encoding);
  stream.path = path;
  return stream;
};
exports.createWriteStream = () => { throw refusal('createWriteStream'); };

const constants = { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, S_IFMT: 0o170000, S_IFREG: 0o100000, S_IFDIR: 0o40000, S_IFLNK: 0o120000, COPYFILE_EXCL: 1 };
promises.constants = constants;
Object.assign(exports, { constants, promises, Stats, Dirent }, constants);
