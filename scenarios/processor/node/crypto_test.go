package node_test

import (
	"strings"
	"testing"
)

func TestDigestsAreNodes(t *testing.T) {
	agree(t, `
const c = require('crypto');
return ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-256', 'sha3-256', 'SHA-256',
  'RSA-SHA256'].map((n) => c.createHash(n).update('é').update(Buffer.from('x')).digest('hex')).join()

const c = require('crypto');
return c.createHmac('sha256', 'key').update('data').digest('base64') + c.createHmac('sha1',
  Buffer.from('key')).update('d').digest().length + c.createHmac('sha256',
  c.createSecretKey('key')).update('data').digest('base64url')

const c = require('crypto');
const h = c.createHash('sha1').update('a');
const k = h.copy();
return h.update('b').digest('hex') + k.update('b').digest('hex')

const c = require('crypto');
const h = c.createHash('sha1');
h.digest();
h.update('x')

require('crypto').createHash('nope')

require('crypto').createHash('md5').update(5)

require('crypto').createHash('md5').update(undefined)

const c = require('crypto');
return [c.timingSafeEqual(Buffer.from('a'), Buffer.from('a')),
  c.timingSafeEqual(Buffer.from('a'), Buffer.from('b'))].join()

require('crypto').timingSafeEqual(Buffer.from('a'), Buffer.from('ab'))

const c = require('crypto');
return c.pbkdf2Sync('pw', 'salt', 1000, 32,
  'sha512').toString('hex') + Buffer.from(c.hkdfSync('sha256', 'k', 's', 'i', 16)).toString('hex')

const c = require('crypto');
return (await require('util').promisify(c.pbkdf2)('pw', 'salt', 1, 8, 'sha1')).toString('hex')

const c = require('crypto');
return Buffer.from(await c.webcrypto.subtle.digest('SHA-256', new TextEncoder().encode('x'))).toString('hex') + (crypto.subtle === c.webcrypto.subtle)

const c = require('crypto');
const h = c.createHash('sha1');
h.write('a');
h.end('b');
let s = '';
await new Promise((r) => h.on('data', (d) => { s += d.toString('hex') }).on('end', r));
return s

const c = require('crypto');
return [c.randomBytes(5).length, c.randomUUID().length, /^[0-9a-f-]{36}$/.test(crypto.randomUUID()),
  c.randomInt(1), c.randomInt(5, 6), crypto.getRandomValues(new Uint32Array(2)).length,
  c.randomFillSync(Buffer.alloc(3)).length].join()

return require('crypto').randomInt(5, 5)

return require('crypto').randomInt('x')

return require('crypto').randomBytes('5')

return await require('util').promisify(require('crypto').randomBytes)(4).then((b) => b.length)

return crypto.getRandomValues([1])
`)
}

func TestWebCryptoIsNodes(t *testing.T) {
	agree(t, `
const k = await crypto.subtle.importKey('raw', Buffer.from('key'), {name: 'HMAC', hash: 'SHA-256'}, false,
  ['sign', 'verify']);
const s = await crypto.subtle.sign('HMAC', k, Buffer.from('x'));
return [Buffer.from(s).toString('hex'), await crypto.subtle.verify('HMAC', k, s, Buffer.from('x')),
  await crypto.subtle.verify('HMAC', k, s, Buffer.from('y')), k.type, k.algorithm.hash.name, k.usages,
  Object.prototype.toString.call(k), k instanceof CryptoKey].join()

const {publicKey: p, privateKey: s} = await crypto.subtle.generateKey({name: 'ECDSA', namedCurve: 'P-256'},
  true, ['sign', 'verify']);
const a = {name: 'ECDSA', hash: 'SHA-256'};
const g = await crypto.subtle.sign(a, s, Buffer.from('x'));
const q = await crypto.subtle.importKey('spki', await crypto.subtle.exportKey('spki', p),
  {name: 'ECDSA', namedCurve: 'P-256'}, true, ['verify']);
return [g.byteLength, await crypto.subtle.verify(a, q, g, Buffer.from('x')),
  (await crypto.subtle.exportKey('jwk', q)).crv, p.usages, s.usages].join()

const {publicKey: p,
  privateKey: s} = await crypto.subtle.generateKey({name: 'RSA-PSS', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-384'},
  true, ['sign', 'verify']);
const a = {name: 'RSA-PSS', saltLength: 32};
const d = await crypto.subtle.exportKey('pkcs8', s);
const k = await crypto.subtle.importKey('pkcs8', d, {name: 'RSA-PSS', hash: 'SHA-384'}, false, ['sign']);
return [await crypto.subtle.verify(a, p, await crypto.subtle.sign(a, k, Buffer.from('x')), Buffer.from('x')),
  p.algorithm.modulusLength].join()

const k = await crypto.subtle.importKey('jwk', {kty: 'oct', k: 'AAECAwQFBgcICQoLDA0ODw'}, {name: 'AES-GCM'},
  true, ['encrypt', 'decrypt']);
const a = {name: 'AES-GCM', iv: new Uint8Array(12), additionalData: Buffer.from('h')};
const c = await crypto.subtle.encrypt(a, k, Buffer.from('secret'));
return [Buffer.from(c).toString('hex'), Buffer.from(await crypto.subtle.decrypt(a, k, c)),
  k.algorithm.length, Buffer.from(await crypto.subtle.exportKey('raw', k)).toString('hex')].join()

const k = await crypto.subtle.generateKey({name: 'AES-CBC', length: 256}, false, ['encrypt']);
const c = await crypto.subtle.encrypt({name: 'AES-CBC', iv: new Uint8Array(16)}, k, Buffer.alloc(16));
return [c.byteLength, k.extractable].join()

return [new Buffer.alloc(2).length, typeof {}.__defineGetter__,
  (() => { const o = {}; o.__defineGetter__('x', () => 5); return o.x + String(typeof o.__lookupGetter__('x')) })()].join()
`)
}

func TestCiphersAreNodes(t *testing.T) {
	agree(t, `
const c = require('crypto');
const k = Buffer.alloc(32, 1), iv = Buffer.alloc(16, 2);
const e = c.createCipheriv('aes-256-cbc', k, iv);
const s = e.update('hello wörld', 'utf8', 'hex') + e.final('hex');
const d = c.createDecipheriv('aes-256-cbc', k, iv);
return s + d.update(s, 'hex', 'utf8') + d.final('utf8')

const c = require('crypto');
const k = Buffer.alloc(16, 1), iv = Buffer.alloc(12, 2);
const e = c.createCipheriv('aes-128-gcm', k, iv);
e.setAAD(Buffer.from('a'));
const s = Buffer.concat([e.update('text'), e.final()]);
const tag = e.getAuthTag();
const d = c.createDecipheriv('aes-128-gcm', k, iv);
d.setAAD(Buffer.from('a'));
d.setAuthTag(tag);
return s.toString('hex') + tag.toString('hex') + Buffer.concat([d.update(s), d.final()])

const c = require('crypto');
const d = c.createDecipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12));
d.setAuthTag(Buffer.alloc(16));
d.update('x');
d.final()

const c = require('crypto');
const e = c.createCipheriv('aes-192-ctr', Buffer.alloc(24, 3), Buffer.alloc(16));
return Buffer.concat([e.update('abc'), e.final()]).toString('base64')

const c = require('crypto');
const e = c.createCipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16));
e.setAutoPadding(false);
return Buffer.concat([e.update(Buffer.alloc(16, 7)), e.final()]).toString('hex')

require('crypto').createCipheriv('aes-128-cbc', Buffer.alloc(15), Buffer.alloc(16))

require('crypto').createCipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(8))
`)
}

func TestSignaturesAreNodes(t *testing.T) {
	keys := `const c = require('crypto'); const rsa = c.createPrivateKey(RSA), ec = c.createPrivateKey(EC); `
	e := start(t)
	rsa := e.do("return require('crypto').generateKeyPairSync('rsa', {modulusLength: 2048, privateKeyEncoding: {type: 'pkcs1', format: 'pem'}}).privateKey")
	ec := e.do("return require('crypto').generateKeyPairSync('ec', {namedCurve: 'P-256', privateKeyEncoding: {type: 'pkcs8', format: 'pem'}}).privateKey")
	if !strings.Contains(rsa, "BEGIN RSA PRIVATE KEY") || !strings.Contains(ec, "BEGIN PRIVATE KEY") {
		t.Fatal(rsa, ec)
	}
	keys = strings.NewReplacer("RSA",
		"`"+strings.ReplaceAll(rsa, "\n", `\n`)+"`", "EC", "`"+strings.ReplaceAll(ec, "\n", `\n`)+"`").Replace(keys)
	var blocks strings.Builder
	for source := range strings.SplitSeq(strings.TrimSpace(`
return [rsa.type, rsa.asymmetricKeyType, rsa.asymmetricKeyDetails.modulusLength, ec.asymmetricKeyType,
  ec.asymmetricKeyDetails.namedCurve, rsa.symmetricKeySize,
  c.createSecretKey(Buffer.from('abc')).symmetricKeySize].join()

return c.createSign('RSA-SHA256').update('da').update('ta').sign(rsa, 'hex')

return c.sign('sha512', Buffer.from('data'),
  rsa).toString('base64') + c.createPublicKey(rsa).export({type: 'spki', format: 'pem'}) + c.createPublicKey(ec).export({type: 'spki', format: 'der'}).toString('hex')

return rsa.export({type: 'pkcs8', format: 'pem'}).slice(0,
  40) + ec.export({type: 'sec1', format: 'pem'}).slice(0,
  40) + c.createPublicKey(rsa).export({type: 'pkcs1', format: 'pem'}) + JSON.stringify(c.createPublicKey(ec).export({format: 'jwk'})) + JSON.stringify(c.createPublicKey(rsa).export({format: 'jwk'}))

const s = c.createSign('sha256').update('x').sign(ec);
return [c.createVerify('sha256').update('x').verify(c.createPublicKey(ec), s),
  c.createVerify('sha256').update('y').verify(ec, s), s[0]].join()

const s = c.sign('sha256', Buffer.from('x'), {key: ec, dsaEncoding: 'ieee-p1363'});
return s.length + String(c.verify('sha256', Buffer.from('x'), {key: ec, dsaEncoding: 'ieee-p1363'}, s))

const o = {key: rsa, padding: c.constants.RSA_PKCS1_PSS_PADDING,
  saltLength: c.constants.RSA_PSS_SALTLEN_DIGEST};
const s = c.createSign('RSA-SHA384').update('x').sign(o);
return c.createVerify('RSA-SHA384').update('x').verify({...o, key: c.createPublicKey(rsa)}, s)

const p = c.createPublicKey({key: c.createPublicKey(ec).export({format: 'jwk'}), format: 'jwk'});
return p.type + p.equals(c.createPublicKey(ec))

const k = c.createPublicKey(rsa);
return c.privateDecrypt(rsa,
  c.publicEncrypt(k, Buffer.from('secret'))) + c.privateDecrypt({key: rsa, padding: 4, oaepHash: 'sha256'},
  c.publicEncrypt({key: k, oaepHash: 'sha256'}, Buffer.from('two')))

return rsa instanceof c.KeyObject && Object.prototype.toString.call(rsa)

try { c.createSign('sha256').update('x').sign('no key') } catch (e) { return e.code }

try { c.createPublicKey(c.createSecretKey(Buffer.from('x'))) } catch (e) { return e.code }

const {publicKey: p, privateKey: k} = c.generateKeyPairSync('ed25519');
const s = c.sign(null, Buffer.from('x'), k);
return [s.length, c.verify(null, Buffer.from('x'), p, s), p.asymmetricKeyType].join()
`), "\n\n") {
		blocks.WriteString(keys + source + "\n\n")
	}
	agree(t, blocks.String())
}
