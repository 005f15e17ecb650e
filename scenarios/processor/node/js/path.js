// Paths with slashes.
const text = (value, name) => {
  if (typeof value !== 'string') throw Object.assign(new TypeError(`The "${name}" argument must be of type string. ${require('received')(value)}`), { code: 'ERR_INVALID_ARG_TYPE' });
  return value;
};

const normalized = (path, absolute) => {
  const parts = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts[parts.length - 1] !== '..') parts.pop();
    else if (!absolute) parts.push('..');
  }
  return parts.join('/');
};

const path = {
  sep: '/',
  delimiter: ':',
  isAbsolute: (p) => text(p, 'path').startsWith('/'),
  normalize(p) {
    if (text(p, 'path') === '') return '.';
    const absolute = p.startsWith('/');
    let plain = normalized(p, absolute);
    if (plain === '' && !absolute) plain = '.';
    if (plain !== '' && p.endsWith('/')) plain += '/';
    return (absolute ? '/' : '') + plain;
  },
  join(...parts) {
    const all = parts.filter((p) => text(p, 'path') !== '').join('/');
    return all === '' ? '.' : path.normalize(all);
  },
  resolve(...parts) {
    let all = '';
    for (let i = parts.length - 1; i >= 0 && !all.startsWith('/'); i--) {
      if (text(parts[i], 'paths[' + i + ']') !== '') all = all === '' ? parts[i] : parts[i] + '/' + all;
    }
    if (!all.startsWith('/')) all = native.folder() + '/' + all;
    return '/' + normalized(all, true);
  },
  relative(from, to) {
    const a = path.resolve(text(from, 'from')).split('/').filter(Boolean), b = path.resolve(text(to, 'to')).split('/').filter(Boolean);
    let i = 0;
    while (i < a.length && i < b.length && a[i] === b[i]) i++;
    return [...a.slice(i).map(() => '..'), ...b.slice(i)].join('/');
  },
  dirname(p) {
    const plain = text(p, 'path').replace(/(.)\/+$/, '$1');
    const at = plain.lastIndexOf('/');
    if (at < 0) return '.';
    return at === 0 ? '/' : at === 1 && plain[0] === '/' ? '//' : plain.slice(0, at);
  },
  basename(p, suffix) {
    if (suffix !== undefined && suffix === p) return '';
    const plain = text(p, 'path').replace(/\/+$/, '');
    const base = plain.slice(plain.lastIndexOf('/') + 1);
    return suffix !== undefined && base !== suffix && base.endsWith(text(suffix, 'suffix')) ? base.slice(0, base.length - suffix.length) : base;
  },
  extname(p) {
    const base = path.basename(p);
    const at = base.lastIndexOf('.');
    return at <= 0 || base === '..' ? '' : base.slice(at);
  },
  parse(p) {
    const root = text(p, 'path').startsWith('/') ? '/' : '';
    const base = path.basename(p), ext = path.extname(p);
    const plain = p.replace(/\/+$/, '');
    const at = plain.lastIndexOf('/');
    const dir = at < 0 ? '' : at === 0 ? '/' : plain.slice(0, at);
    return { root, dir: plain === '' ? root : dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
  },
  format({ dir, root = '', base, name = '', ext = '' }) {
    const file = base || name + (ext && !ext.startsWith('.') ? '.' : '') + ext;
    const folder = dir || root;
    return folder === '' ? file : folder === root ? folder + file : folder + '/' + file;
  },
  toNamespacedPath: (p) => p,
};
path.posix = path;
path.win32 = path;
module.exports = path;
