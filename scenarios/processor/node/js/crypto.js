// Digests, keys, signatures and ciphers over Go's.
const { Buffer, textBytes, viewOf } = require('buffer');
const { Transform } = require('stream');
const { DOMException } = require('events');
const received = require('received');

const fail = (Kind, code, message) => { throw Object.assign(new Kind(message), { code }); };
const bytes = (value, encoding) => viewOf(textBytes(value, encoding));
const output = (made, encoding) => { const b = Buffer.from(made); return encoding === undefined || encoding === null || encoding === 'buffer' ? b : b.toString(encoding); };
const called = (f) => (...args) => {
  const done = typeof args[args.length - 1] === 'function' ? args.pop() : null;
  if (!done) return f(...args);
  let result, failure = null;
  try { result = f(...args); } catch (err) { failure = err; }
  Promise.resolve().then(() => (failure ? done(failure) : done(null, result)));
  return undefined;
};
// must has a callback, and only that.
const must = (f) => { const g = called(f); return (...args) => { if (typeof args[args.length - 1] !== 'function') fail(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "callback" argument must be of type function. ' + received(undefined)); g(...args); }; };

class KeyObject {
  constructor(type, handle) {
    this.type = type;
    Object.defineProperty(this, '_key', { value: handle });
  }
  static from(key) { return key instanceof KeyObject ? key : new KeyObject('secret', bytes(key)); }
  get asymmetricKeyType() { return this.type === 'secret' ? undefined : this._key.kind; }
  get asymmetricKeyDetails() {
    if (this.type === 'secret') return undefined;
    return this._key.kind === 'rsa' ? { modulusLength: this._key.bits, publicExponent: 65537n } : this._key.curve ? { namedCurve: this._key.curve } : {};
  }
  get symmetricKeySize() { return this.type === 'secret' ? this._key.length : undefined; }
  get [Symbol.toStringTag]() { return 'KeyObject'; }
  equals(other) { return this.type === other.type && this.export(this.type === 'secret' ? undefined : { type: this.type === 'private' ? 'pkcs8' : 'spki', format: 'der' }).equals(other.export(this.type === 'secret' ? undefined : { type: this.type === 'private' ? 'pkcs8' : 'spki', format: 'der' })); }
  export(options = {}) {
    if (this.type === 'secret') return options.format === 'jwk' ? { kty: 'oct', k: Buffer.from(this._key).toString('base64url') } : Buffer.from(this._key);
    if (options.format === 'jwk') {
      if (this.type === 'private') fail(Error, 'ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE', 'a private key as JWK is not available in loadgen');
      const { kty, n, e, x, y, crv } = this._key.web();
      return kty === 'RSA' ? { kty, n, e } : { kty, x, y, crv };
    }
    const kind = options.type || (this.type === 'private' ? 'pkcs8' : 'spki');
    const made = this._key.export(options.format || 'pem', this.type === 'public' && kind === 'pkcs1' ? 'pkcs1-public' : kind);
    return options.format === 'der' ? Buffer.from(made) : Buffer.from(made).toString();
  }
}

const webKey = (jwk) => native.webKey(Object.fromEntries(Object.keys(jwk).filter((k) => typeof jwk[k] === 'string').map((k) => [k, jwk[k]])));
const material = (key) => {
  if (typeof key === 'string' || ArrayBuffer.isView(key) || key instanceof ArrayBuffer) return { key: bytes(key), passphrase: '' };
  if (key !== null && typeof key === 'object' && !(key instanceof KeyObject) && key.key !== undefined) {
    if (key.format === 'jwk') return { handle: webKey(key.key) };
    if (key.key instanceof KeyObject) return { handle: key.key._key, object: key.key };
    return { key: bytes(key.key, key.encoding), passphrase: key.passphrase === undefined ? '' : String(key.passphrase) };
  }
  return fail(TypeError, 'ERR_INVALID_ARG_TYPE', `The "key" argument must be of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, or KeyObject. ${received(key)}`);
};
const privateHandle = (key) => {
  if (key instanceof KeyObject) return key._key;
  const m = material(key);
  return m.handle || native.privateKey(m.key, m.passphrase);
};
const publicHandle = (key) => {
  if (key instanceof KeyObject) return key._key;
  const m = material(key);
  return m.handle || native.publicKey(m.key, m.passphrase);
};
const createPrivateKey = (key) => {
  if (key instanceof KeyObject) fail(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${key.type}, expected string or Buffer.`);
  return new KeyObject('private', privateHandle(key));
};
const createPublicKey = (key) => {
  if (key instanceof KeyObject && key.type !== 'private') fail(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${key.type}, expected private.`);
  const handle = publicHandle(key);
  return new KeyObject('public', handle.isPrivate ? handle.public() : handle);
};
const secret = (key, encoding) => (key instanceof KeyObject ? (key.type === 'secret' ? key._key : fail(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${key.type}, expected secret.`)) : bytes(key, encoding));

// Hash and Hmac are streams too: what is written is digested at the end.
class Digest extends Transform {
  constructor(state) { super(); Object.defineProperty(this, '_digest', { value: state }); }
  _transform(chunk, encoding, done) { this.update(chunk); done(); }
  _flush(done) { this.push(this.digest()); done(); }
  update(data, encoding) {
    if (this._over) fail(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    if (typeof data !== 'string' && !ArrayBuffer.isView(data)) fail(TypeError, 'ERR_INVALID_ARG_TYPE', `The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. ${received(data)}`);
    this._digest.update(bytes(data, encoding));
    return this;
  }
  digest(encoding) {
    if (this._over) fail(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    this._over = true;
    return output(this._digest.sum(), encoding);
  }
  copy() { return new this.constructor(this._digest.copy()); }
}
class Hash extends Digest {}
class Hmac extends Digest {}

// how is what a key's options say of a signature.
const how = (digest, key) => ({ Digest: digest || 'sha256', Padding: (key && key.padding) || 0, Salt: key && key.saltLength !== undefined ? key.saltLength : 0, Plain: Boolean(key && key.dsaEncoding === 'ieee-p1363') });
const sign = (digest, data, key) => output(native.sign(privateHandle(key), bytes(data), how(digest, key)));
const verify = (digest, data, key, signature) => native.verify(publicHandle(key), bytes(data), bytes(signature), how(digest, key));

class Gatherer {
  constructor(digest) { this._name = digest; this._all = []; }
  update(data, encoding) { this._all.push(Buffer.from(bytes(data, encoding))); return this; }
  write(data, encoding) { this.update(data, encoding); return true; }
  end(data, encoding) { if (data !== undefined) this.update(data, encoding); return this; }
}
class Sign extends Gatherer {
  sign(key, encoding) { const made = sign(this._name, Buffer.concat(this._all), key); return encoding && encoding !== 'buffer' ? made.toString(encoding) : made; }
}
class Verify extends Gatherer {
  verify(key, signature, encoding) { return verify(this._name, Buffer.concat(this._all), key, typeof signature === 'string' ? Buffer.from(signature, encoding) : signature); }
}

class Cipher {
  constructor(handle, seals) { this._handle = handle; this._seals = seals; this._all = []; this._in = null; }
  update(data, from, to) { this._all.push(Buffer.from(bytes(data, from))); return to && to !== 'buffer' ? '' : Buffer.alloc(0); }
  final(encoding) { return output(this._handle.final(viewOf(Buffer.concat(this._all))), encoding); }
  setAutoPadding(on = true) { this._handle.setPadding(on); return this; }
  setAAD(data) { this._handle.setAAD(bytes(data)); return this; }
  setAuthTag(tag, encoding) { this._handle.setTag(bytes(tag, encoding)); return this; }
  getAuthTag() { return Buffer.from(this._handle.tag()); }
}
const cipher = (seals) => (name, key, iv) => new Cipher(native.cipher(name, secret(key), iv === null || iv === undefined ? new Uint8Array(0) : bytes(iv), seals), seals);

const randomBytes = called((n) => {
  if (typeof n !== 'number') fail(TypeError, 'ERR_INVALID_ARG_TYPE', `The "size" argument must be of type number. ${received(n)}`);
  return Buffer.from(native.random(n));
});
const randomInt = (...args) => {
  const done = typeof args[args.length - 1] === 'function' ? args.pop() : undefined;
  const [low, high] = args.length === 1 ? [0, args[0]] : args;
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) fail(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "max" argument must be a safe integer. ' + received(high));
  return done ? must(native.randomInt)(low, high, done) : native.randomInt(low, high);
};
const fill = (target, offset = 0, size = target.byteLength - offset) => {
  viewOf(target).set(new Uint8Array(native.random(size)), offset);
  return target;
};
const randomUUID = () => {
  const b = Buffer.from(native.random(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  return b.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};
const getRandomValues = (array) => {
  if (!ArrayBuffer.isView(array) || array instanceof Float32Array || array instanceof Float64Array || array instanceof DataView) throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
  if (array.byteLength > 65536) throw new DOMException(`The requested length exceeds 65,536 bytes`, 'QuotaExceededError');
  return fill(array);
};

const pbkdf2Sync = (password, salt, rounds, n, digest) => output(native.pbkdf2(bytes(password), bytes(salt), rounds, n, digest));
const hkdfSync = (digest, key, salt, info, n) => native.hkdf(digest, secret(key), bytes(salt), bytes(info), n);
const createHash = (name) => new Hash(native.hash(name, undefined));
const createHmac = (name, key) => new Hmac(native.hash(name, secret(key)));

const generateKeyPairSync = (kind, options = {}) => {
  const handle = native.generateKey(kind, options.modulusLength || 0, options.namedCurve || '');
  const pair = { publicKey: new KeyObject('public', handle.public()), privateKey: new KeyObject('private', handle) };
  if (options.publicKeyEncoding) pair.publicKey = pair.publicKey.export(options.publicKeyEncoding);
  if (options.privateKeyEncoding) pair.privateKey = pair.privateKey.export(options.privateKeyEncoding);
  return pair;
};
const padded = (options, otherwise) => (options && options.padding !== undefined ? options.padding : otherwise);

const constants = { RSA_PKCS1_PADDING: 1, RSA_NO_PADDING: 3, RSA_PKCS1_OAEP_PADDING: 4, RSA_PKCS1_PSS_PADDING: 6, RSA_PSS_SALTLEN_DIGEST: -1, RSA_PSS_SALTLEN_MAX_SIGN: -2, RSA_PSS_SALTLEN_AUTO: -2 };
const webcrypto = {
  getRandomValues,
  randomUUID,
  get subtle() { return require('subtle').subtle; },
  get CryptoKey() { return require('subtle').CryptoKey; },
};

Object.assign(exports, {
  constants, webcrypto, getRandomValues, randomUUID, randomBytes, pseudoRandomBytes: randomBytes, randomInt,
  randomFillSync: fill,
  randomFill: (target, ...rest) => { const done = rest.pop(); must(fill)(target, ...rest, done); },
  timingSafeEqual: (a, b) => native.same(bytes(a), bytes(b)),
  getHashes: () => [...native.hashNames()], getCiphers: () => ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'aes-128-ctr', 'aes-192-ctr', 'aes-256-ctr', 'aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm'], getCurves: () => ['secp224r1', 'prime256v1', 'secp384r1', 'secp521r1'],
  createHash, createHmac, Hash, Hmac,
  hash: (name, data, encoding = 'hex') => createHash(name).update(data).digest(encoding),
  pbkdf2Sync, pbkdf2: must(pbkdf2Sync), hkdfSync, hkdf: must(hkdfSync),
  KeyObject, createPrivateKey, createPublicKey,
  createSecretKey: (key, encoding) => {
    const b = bytes(key, encoding);
    return new KeyObject('secret', Uint8Array.from(b));
  },
  generateKeyPairSync,
  generateKeyPair: (kind, options, done) => { let pair, failure = null; try { pair = generateKeyPairSync(kind, options); } catch (err) { failure = err; } Promise.resolve().then(() => (failure ? done(failure) : done(null, pair.publicKey, pair.privateKey))); },
  createSign: (name) => new Sign(name), createVerify: (name) => new Verify(name), Sign, Verify, sign: called(sign), verify: called(verify),
  createCipheriv: cipher(true), createDecipheriv: cipher(false),
  publicEncrypt: (key, data) => output(native.encrypt(publicHandle(key), bytes(data), padded(key, 4), (key && key.oaepHash) || 'sha1')),
  privateDecrypt: (key, data) => output(native.decrypt(privateHandle(key), bytes(data), padded(key, 4), (key && key.oaepHash) || 'sha1')),
});
Object.defineProperty(exports, 'subtle', { enumerable: true, get: () => webcrypto.subtle });
