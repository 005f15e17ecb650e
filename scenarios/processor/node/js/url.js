// URL and URLSearchParams as the WHATWG says, over Go's parser; and Node's older functions.
const querystring = require('querystring');

class URLSearchParams {
  #pairs = [];
  #changed = null;
  constructor(init) {
    if (typeof init === 'function') { this.#changed = init; return; }
    if (init === undefined || init === null) return;
    if (typeof init === 'object' && typeof init[Symbol.iterator] === 'function') {
      for (const pair of init) {
        const [name, value, ...more] = pair;
        if (value === undefined || more.length > 0) throw Object.assign(new TypeError('Each query pair must be an iterable [name, value] tuple'), { code: 'ERR_INVALID_TUPLE' });
        this.#pairs.push([String(name), String(value)]);
      }
    } else if (typeof init === 'object') for (const key of Object.keys(init)) this.#pairs.push([key, String(init[key])]);
    else this._read(String(init));
  }
  // _read replaces the pairs by those of a query.
  _read(query) { this.#pairs = native.formSplit(query.replace(/^\?/, '').toWellFormed()).map((p) => [p[0], p[1]]); }
  #set(pairs) { this.#pairs = pairs; if (this.#changed) this.#changed(this.toString()); }
  append(name, value) { this.#set([...this.#pairs, [String(name), String(value)]]); }
  delete(name, value) { this.#set(this.#pairs.filter((p) => p[0] !== String(name) || (value !== undefined && p[1] !== String(value)))); }
  get(name) { const p = this.#pairs.find((q) => q[0] === String(name)); return p ? p[1] : null; }
  getAll(name) { return this.#pairs.filter((p) => p[0] === String(name)).map((p) => p[1]); }
  has(name, value) { return this.#pairs.some((p) => p[0] === String(name) && (value === undefined || p[1] === String(value))); }
  set(name, value) {
    const at = this.#pairs.findIndex((p) => p[0] === String(name));
    if (at < 0) return this.append(name, value);
    this.#set(this.#pairs.filter((p, i) => i <= at || p[0] !== String(name)).map((p, i) => (i === at ? [p[0], String(value)] : p)));
  }
  sort() { this.#set([...this.#pairs].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))); }
  forEach(f, self) { for (const p of this.#pairs) f.call(self, p[1], p[0], this); }
  keys() { return this.#pairs.map((p) => p[0])[Symbol.iterator](); }
  values() { return this.#pairs.map((p) => p[1])[Symbol.iterator](); }
  entries() { return this.#pairs.map((p) => [p[0], p[1]])[Symbol.iterator](); }
  [Symbol.iterator]() { return this.entries(); }
  get size() { return this.#pairs.length; }
  toString() { return this.#pairs.map((p) => form(p[0]) + '=' + form(p[1])).join('&'); }
  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
    return this.size === 0 ? 'URLSearchParams {}' : `URLSearchParams { ${this.#pairs.map(([k, v]) => `${inspect(k)} => ${inspect(v)}`).join(', ')} }`;
  }
}
Object.defineProperty(URLSearchParams.prototype, Symbol.toStringTag, { value: 'URLSearchParams', configurable: true });
const form = (text) => native.formJoin(text.toWellFormed()).replace(/~/g, '%7E').replace(/%2A/g, '*');

const members = ['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];

class URL {
  #url;
  #params = null;
  constructor(text, base) {
    if (arguments.length === 0) invalid('The "url" argument must be specified', 'ERR_MISSING_ARGS');
    this.#url = base === undefined ? native.url(String(text), '', false) : native.url(String(text), String(base), true);
  }
  _get(name) { return this.#url.get(name); }
  _set(name, value) {
    if (name === 'href') this.#url = native.url(value, '', false);
    else this.#url.set(name, value);
    if (this.#params && (name === 'href' || name === 'search')) this.#params._read(this.search);
  }
  get searchParams() {
    if (!this.#params) {
      this.#params = new URLSearchParams((query) => this.#url.set('search', query));
      this.#params._read(this.search);
    }
    return this.#params;
  }
  get origin() { return /^(https?|ftp|wss?):$/.test(this.protocol) ? `${this.protocol}//${this.host}` : 'null'; }
  toString() { return this.href; }
  toJSON() { return this.href; }
  static canParse(text, base) { try { return Boolean(new URL(text, base)); } catch (e) { return false; } }
  static parse(text, base) { try { return new URL(text, base); } catch (e) { return null; } }
  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
    const shown = { href: this.href, origin: this.origin };
    for (const name of members.slice(1, -1)) shown[name] = this[name];
    return 'URL ' + inspect({ ...shown, searchParams: this.searchParams, hash: this.hash }, options);
  }
}
for (const name of members) {
  Object.defineProperty(URL.prototype, name, {
    enumerable: true,
    configurable: true,
    get() { return this._get(name); },
    set(value) { this._set(name, String(value)); },
  });
}
Object.defineProperty(URL.prototype, Symbol.toStringTag, { value: 'URL', configurable: true });

const invalid = (message, code) => { throw Object.assign(new TypeError(message), { code }); };

const fileURLToPath = (address) => {
  const u = typeof address === 'string' ? new URL(address) : address;
  if (u.protocol !== 'file:') invalid('The URL must be of scheme file', 'ERR_INVALID_URL_SCHEME');
  return decodeURIComponent(u.pathname);
};
const pathToFileURL = (path) => {
  const u = new URL('file:///');
  u.pathname = require('path').resolve(path).replace(/[%?#\\\n\r\t]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'));
  return u;
};

class Url {}
const slashed = /^(https?|ftp|file|wss?|gopher):?$/;

// parse takes an address apart without judging it.
const parse = (address, queries = false, slashes = false) => {
  if (typeof address !== 'string') {
    if (address instanceof Url) return address;
    invalid(`The "url" argument must be of type string. ${require('received')(address)}`, 'ERR_INVALID_ARG_TYPE');
  }
  const u = Object.assign(new Url(), { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: null, query: null, pathname: null, path: null, href: '' });
  let rest = address.trim();
  const take = (pattern) => { const m = pattern.exec(rest); if (m) rest = rest.slice(m[0].length); return m; };
  const protocol = take(/^([a-z0-9.+-]+:)/i);
  if (protocol) u.protocol = protocol[1].toLowerCase();
  if ((protocol || slashes) && take(/^\/\//)) u.slashes = true;
  if (u.slashes) {
    const [authority] = take(/^[^/?#\\]*/);
    const at = authority.lastIndexOf('@');
    if (at >= 0) { try { u.auth = decodeURIComponent(authority.slice(0, at)); } catch (e) { u.auth = authority.slice(0, at); } }
    const [, hostname, port] = /^(.*?)(?::(\d*))?$/.exec(authority.slice(at + 1));
    u.port = port || null;
    u.hostname = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
    u.host = hostname.toLowerCase() + (port ? ':' + port : '');
  }
  rest = rest.replace(/[ "<>\\^`{|}']/g, (c) => (c === '\\' && slashed.test(u.protocol || '') ? '/' : '%' + c.charCodeAt(0).toString(16).toUpperCase()));
  const hash = rest.indexOf('#');
  if (hash >= 0) { u.hash = rest.slice(hash); rest = rest.slice(0, hash); }
  const query = rest.indexOf('?');
  if (query >= 0) { u.search = rest.slice(query); u.query = u.search.slice(1); rest = rest.slice(0, query); }
  if (queries) { u.search = u.search || ''; u.query = querystring.parse(u.query || ''); }
  u.pathname = rest || (u.slashes && slashed.test(u.protocol || '') ? '/' : null);
  if (u.pathname || u.search) u.path = (u.pathname || '') + (u.search || '');
  u.href = format(u);
  return u;
};

const format = (u, options = {}) => {
  if (typeof u === 'string') return format(parse(u));
  if (u instanceof URL) {
    const copy = new URL(u.href);
    if (options.fragment === false) copy.hash = '';
    if (options.search === false) copy.search = '';
    if (options.auth === false) { copy.username = ''; copy.password = ''; }
    return copy.href;
  }
  let protocol = u.protocol || '';
  if (protocol && !protocol.endsWith(':')) protocol += ':';
  const auth = u.auth ? encodeURIComponent(u.auth).replace(/%3A/i, ':') + '@' : '';
  let host = '';
  if (u.host) host = auth + u.host;
  else if (u.hostname) host = auth + (u.hostname.includes(':') ? `[${u.hostname}]` : u.hostname) + (u.port ? ':' + u.port : '');
  let search = u.search || (u.query !== null && typeof u.query === 'object' && Object.keys(u.query).length > 0 ? '?' + querystring.stringify(u.query) : '');
  if (search && !search.startsWith('?')) search = '?' + search;
  let pathname = (u.pathname || '').replace(/[?#]/g, encodeURIComponent);
  const marks = u.slashes || (slashed.test(protocol) && host !== '');
  if (marks && pathname && !pathname.startsWith('/')) pathname = '/' + pathname;
  let hash = u.hash || '';
  if (hash && !hash.startsWith('#')) hash = '#' + hash;
  return protocol + (marks ? '//' : '') + host + pathname + search.replace('#', '%23') + hash;
};

const resolve = (from, to) => {
  const base = new URL(from, 'resolve://host/');
  const u = new URL(to, base);
  return u.protocol === 'resolve:' ? (from.startsWith('/') || to.startsWith('/') ? '' : '').concat(u.pathname.slice(from.startsWith('/') || to.startsWith('/') ? 0 : 1), u.search, u.hash) : u.href;
};

Object.assign(exports, {
  URL, URLSearchParams, Url, parse, format, resolve, fileURLToPath, pathToFileURL,
  resolveObject: (from, to) => parse(resolve(from, to)),
  domainToASCII: (name) => native.toASCII(String(name)),
  domainToUnicode: (name) => native.toUnicode(String(name)),
  urlToHttpOptions: (u) => ({ protocol: u.protocol, hostname: u.hostname.replace(/^\[(.*)\]$/, '$1'), hash: u.hash, search: u.search, pathname: u.pathname, path: u.pathname + u.search, href: u.href, ...(u.port ? { port: Number(u.port) } : {}), ...(u.username ? { auth: decodeURIComponent(u.username) + ':' + decodeURIComponent(u.password) } : {}) }),
  punycode: { toASCII: (name) => native.toASCII(String(name)), toUnicode: (name) => native.toUnicode(String(name)), ucs2: { decode: (s) => Array.from(s, (c) => c.codePointAt(0)), encode: (list) => String.fromCodePoint(...list) } },
});
