// JPEG stages for loadgen bench, in a worker of their own: GET /codec?codec=jpeg-js|jsquash&stage=encode|decode&size=. With
// check=1 the answer has the mean difference between the decoded channels and the source, which is not to be timed.
// They are never part of the kernels' ratio: a codec costs more than the kernels and would hide them. Both codecs encode the
// test image at quality 80, baseline, and decode the same bytes, those of jpeg-js.

import { SIZES, testImage } from './kernel.mjs';
import decodeJS from './jpeg-js-decoder.cjs';
import encodeJS from './jpeg-js-encoder.cjs';
import decodeWASM, { init as initDecode } from './jsquash/decode.js';
import encodeWASM, { init as initEncode } from './jsquash/encode.js';
import decoder from './jpeg-decode.wasm';
import encoder from './jpeg-encode.wasm';

const QUALITY = 80;

const CODECS = {
  'jpeg-js': {
    encode: (image) => encodeJS(image, QUALITY).data,
    decode: (bytes) => decodeJS(bytes, { useTArray: true }),
  },
  jsquash: {
    encode: async (image) => new Uint8Array(await encodeWASM(image, { quality: QUALITY, baseline: true, progressive: false, optimize_coding: false })),
    decode: (bytes) => decodeWASM(bytes),
  },
};

let ready;
let last = {}; // {size, image, jpeg}

export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/health') return new Response('ok');
    const { codec, stage, size, check } = Object.fromEntries(searchParams);
    if (!CODECS[codec]?.[stage] || !SIZES[size]) {
      return new Response('want /codec with codec jpeg-js or jsquash, stage encode or decode, size small, medium or large', { status: 400 });
    }
    ready ??= Promise.all([initDecode(decoder), initEncode(encoder)]);
    await ready;
    if (last.size !== size) last = prepare(size);
    const result = await CODECS[codec][stage](stage === 'encode' ? last.image : last.jpeg);
    const bytes = stage === 'encode' ? result.length : last.jpeg.length;
    if (check !== '1') return Response.json({ bytes });
    const decoded = stage === 'encode' ? decodeJS(result, { useTArray: true }) : result;
    return Response.json({ bytes, difference: difference(decoded.data, last.image.data) });
  },
};

/** The mean over all channels but alpha of how far two images are apart, in levels of 256. */
function difference(a, b) {
  let sum = 0;
  for (let i = 0; i < b.length; i++) {
    if (i % 4 !== 3) sum += Math.abs(a[i] - b[i]);
  }
  return sum / (b.length * 3 / 4);
}

function prepare(size) {
  const image = { data: testImage(SIZES[size].w, SIZES[size].h), width: SIZES[size].w, height: SIZES[size].h };
  return { size, image, jpeg: Uint8Array.from(encodeJS(image, QUALITY).data) };
}
