// crypto.subtle: keys of HMAC, RSA, ECDSA, Ed25519 and AES; what else there is fails by name.
const { Buffer, viewOf } = require('buffer');
const { DOMException } = require('events');
const crypto = require('crypto');

class CryptoKey {
  constructor(type, algorithm, extractable, usages, object) {
    Object.assign(this, { type, algorithm, extractable: Boolean(extractable), usages: [...(usages || [])] });
    Object.defineProperty(this, '_object', { value: object }); // a KeyObject
  }
  get [Symbol.toStringTag]() { return 'CryptoKey'; }
}

const lacking = (what) => { throw new DOMException(`${what} is not available in loadgen`, 'NotSupportedError'); };
const named = (algorithm) => (typeof algorithm === 'string' ? { name: algorithm } : algorithm);
const digestOf = (hash) => named(hash).name.replace('-', '').toLowerCase();
const buffer = (bytes) => viewOf(bytes).slice().buffer;
const asymmetric = /^(RSASSA-PKCS1-v1_5|RSA-PSS|RSA-OAEP|ECDSA|Ed25519)$/;

// described is the algorithm of a key as the key tells it.
const described = (algorithm, object) => {
  const a = named(algorithm), all = { name: a.name };
  if (a.hash) all.hash = named(a.hash);
  if (a.namedCurve) all.namedCurve = a.namedCurve;
  if (object.type === 'secret') all.length = 8 * object.symmetricKeySize;
  else if (object.asymmetricKeyType === 'rsa') Object.assign(all, { modulusLength: object.asymmetricKeyDetails.modulusLength, publicExponent: new Uint8Array([1, 0, 1]) });
  return all;
};

const objectOf = (format, data, algorithm) => {
  const { name } = named(algorithm);
  if (!asymmetric.test(name)) {
    if (format === 'jwk') return crypto.createSecretKey(Buffer.from(data.k, 'base64url'));
    return format === 'raw' ? crypto.createSecretKey(Buffer.from(viewOf(data))) : lacking(`a key of ${name} as ${format}`);
  }
  if (format === 'jwk') return data.d ? crypto.createPrivateKey({ key: data, format }) : crypto.createPublicKey({ key: data, format });
  if (format === 'pkcs8') return crypto.createPrivateKey(Buffer.from(viewOf(data)));
  return format === 'spki' ? crypto.createPublicKey(Buffer.from(viewOf(data))) : lacking(`a key of ${name} as ${format}`);
};

// signing is the digest and the key with its options, for crypto.sign and crypto.verify.
const signing = (algorithm, key) => {
  const { name, hash, saltLength } = { ...key.algorithm, ...named(algorithm) };
  switch (name) {
    case 'RSASSA-PKCS1-v1_5': return [digestOf(hash), { key: key._object }];
    case 'RSA-PSS': return [digestOf(hash), { key: key._object, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength }];
    case 'ECDSA': return [digestOf(hash), { key: key._object, dsaEncoding: 'ieee-p1363' }];
    case 'Ed25519': return [null, { key: key._object }];
    default: return lacking(`a signature of ${name}`);
  }
};
const hmac = (key, data) => crypto.createHmac(digestOf(key.algorithm.hash), key._object).update(viewOf(data)).digest();

// aes begins a cipher by a maker of crypto.
const aes = (make, algorithm, key) => {
  const { name, iv, additionalData, tagLength = 128 } = algorithm;
  const mode = { 'AES-GCM': 'gcm', 'AES-CBC': 'cbc' }[name];
  if (!mode || tagLength !== 128) lacking(`${name} with a tag of ${tagLength} bits`);
  const cipher = make(`aes-${key.algorithm.length}-${mode}`, key._object, viewOf(iv));
  if (additionalData !== undefined) cipher.setAAD(viewOf(additionalData));
  return [cipher, mode === 'gcm'];
};

const subtle = {
  digest: async (algorithm, data) => buffer(crypto.createHash(digestOf(algorithm)).update(viewOf(data)).digest()),
  async importKey(format, data, algorithm, extractable, usages) {
    const object = objectOf(format, data, algorithm);
    return new CryptoKey(object.type, described(algorithm, object), extractable, usages, object);
  },
  async exportKey(format, key) {
    if (!key.extractable) throw new DOMException('key is not extractable', 'InvalidAccessError');
    if (format === 'raw') return buffer(key._object.export());
    if (format === 'jwk') return { ...key._object.export({ format }), key_ops: key.usages, ext: true };
    return buffer(key._object.export({ format: 'der', type: format }));
  },
  async generateKey(algorithm, extractable, usages) {
    const { name, length, hash, modulusLength, namedCurve } = named(algorithm);
    if (!asymmetric.test(name)) {
      const bits = length || (hash && /^(SHA-384|SHA-512)$/.test(named(hash).name) ? 1024 : 512);
      const object = crypto.createSecretKey(crypto.randomBytes(bits / 8));
      return new CryptoKey('secret', described(algorithm, object), extractable, usages, object);
    }
    const { publicKey, privateKey } = crypto.generateKeyPairSync(name === 'ECDSA' ? 'ec' : name === 'Ed25519' ? 'ed25519' : 'rsa', { modulusLength, namedCurve });
    const made = (object, some) => new CryptoKey(object.type, described(algorithm, object), extractable || object.type === 'public', usages.filter((u) => some.includes(u)), object);
    return { publicKey: made(publicKey, ['verify', 'encrypt']), privateKey: made(privateKey, ['sign', 'decrypt']) };
  },
  async sign(algorithm, key, data) {
    if (named(algorithm).name === 'HMAC') return buffer(hmac(key, data));
    const [digest, options] = signing(algorithm, key);
    return buffer(crypto.sign(digest, viewOf(data), options));
  },
  async verify(algorithm, key, signature, data) {
    if (named(algorithm).name === 'HMAC') return Buffer.compare(hmac(key, data), viewOf(signature)) === 0;
    const [digest, options] = signing(algorithm, key);
    return crypto.verify(digest, viewOf(data), options, viewOf(signature));
  },
  async encrypt(algorithm, key, data) {
    const [cipher, sealed] = aes(crypto.createCipheriv, algorithm, key);
    const text = Buffer.concat([cipher.update(viewOf(data)), cipher.final()]);
    return buffer(sealed ? Buffer.concat([text, cipher.getAuthTag()]) : text);
  },
  async decrypt(algorithm, key, data) {
    const [cipher, sealed] = aes(crypto.createDecipheriv, algorithm, key);
    const bytes = viewOf(data), end = sealed ? bytes.length - 16 : bytes.length;
    if (sealed) cipher.setAuthTag(bytes.subarray(end));
    try { return buffer(Buffer.concat([cipher.update(bytes.subarray(0, end)), cipher.final()])); } catch (err) { throw new DOMException('The operation failed for an operation-specific reason', 'OperationError'); }
  },
};
for (const name of ['deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey']) subtle[name] = async () => lacking(`crypto.subtle.${name}`);

Object.assign(exports, { subtle, CryptoKey });
