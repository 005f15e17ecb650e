// Queries as objects of texts and lists.
const { Buffer } = require('buffer');

const escape = (value) => encodeURIComponent(String(value));
const unescape = (value) => {
  try { return decodeURIComponent(value); } catch (e) { return Buffer.from(global.unescape(value.replace(/[^\0-\x7f]/g, encodeURIComponent)), 'latin1').toString(); }
};
const plain = (value) => (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) ? String(value) : '');

const stringify = (object, sep = '&', eq = '=', options = {}) => {
  if (object === null || typeof object !== 'object') return '';
  const code = options.encodeURIComponent || exports.escape;
  return Object.keys(object).flatMap((key) => (Array.isArray(object[key]) ? object[key] : [object[key]]).map((v) => code(plain(key)) + (eq || '=') + code(plain(v)))).join(sep || '&');
};

const parse = (text, sep = '&', eq = '=', options = {}) => {
  const found = Object.create(null);
  if (typeof text !== 'string' || text === '') return found;
  const code = options.decodeURIComponent || exports.unescape;
  const decode = (part) => { const spaced = part.replace(/\+/g, ' '); try { return code(spaced); } catch (e) { return unescape(spaced); } };
  const limit = options.maxKeys === undefined ? 1000 : options.maxKeys || Infinity;
  for (const part of text.split(sep || '&').slice(0, limit)) {
    if (part === '') continue;
    const at = part.indexOf(eq || '=');
    const key = decode(at < 0 ? part : part.slice(0, at)), value = at < 0 ? '' : decode(part.slice(at + (eq || '=').length));
    if (!(key in found)) found[key] = value;
    else if (Array.isArray(found[key])) found[key].push(value);
    else found[key] = [found[key], value];
  }
  return found;
};

Object.assign(exports, { stringify, encode: stringify, parse, decode: parse, escape, unescape });
