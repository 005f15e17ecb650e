// Compression of whole texts.
const { Buffer, textBytes } = require('buffer');

const level = (options) => (options && options.level !== undefined ? options.level : -1);
const packs = { gzip: 'gzip', deflate: 'deflate', deflateRaw: 'raw', brotliCompress: 'br' };
const unpacks = { gunzip: 'gzip', inflate: 'deflate', inflateRaw: 'raw', brotliDecompress: 'br', unzip: 'auto' };

const offer = (name, f) => {
  exports[name + 'Sync'] = f;
  exports[name] = (bytes, options, done) => {
    const callback = typeof options === 'function' ? options : done;
    let result, failure = null;
    try { result = f(bytes, typeof options === 'function' ? undefined : options); } catch (err) { failure = err; }
    Promise.resolve().then(() => callback(failure, result));
  };
};
for (const [name, format] of Object.entries(packs)) offer(name, (bytes, options) => Buffer.from(native.pack(textBytes(bytes), format, level(options))));
for (const [name, format] of Object.entries(unpacks)) offer(name, (bytes) => Buffer.from(native.unpack(textBytes(bytes), format)));

// As a stream: what is written comes out packed at the end.
const stream = (name, f) => {
  exports['create' + name] = (options) => {
    const { Transform } = require('stream');
    const chunks = [];
    return new Transform({
      transform(chunk, encoding, done) { chunks.push(chunk); done(); },
      flush(done) { try { this.push(f(Buffer.concat(chunks), options)); done(); } catch (err) { done(err); } },
    });
  };
};
for (const name of Object.keys({ ...packs, ...unpacks })) stream(name[0].toUpperCase() + name.slice(1), exports[name + 'Sync']);

exports.constants = {
  Z_NO_FLUSH: 0, Z_PARTIAL_FLUSH: 1, Z_SYNC_FLUSH: 2, Z_FULL_FLUSH: 3, Z_FINISH: 4, Z_BLOCK: 5, Z_NO_COMPRESSION: 0, Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9,
  Z_DEFAULT_COMPRESSION: -1, BROTLI_OPERATION_PROCESS: 0, BROTLI_OPERATION_FLUSH: 1, BROTLI_OPERATION_FINISH: 2, BROTLI_PARAM_QUALITY: 1, BROTLI_PARAM_MODE: 0,
};
Object.assign(exports, exports.constants);
