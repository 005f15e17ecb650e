import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { JSEngine, SIZES, hash, testImage } from '../edge/kernel.mjs';
import { SWAREngine } from '../edge/swar.mjs';
import { WASMEngine } from '../edge/wasmhost.mjs';

const module = (name) => new WebAssembly.Module(readFileSync(new URL(`../wasm/${name}`, import.meta.url)));

const ENGINES = {
  js: () => new JSEngine(),
  'js-swar': () => new SWAREngine(),
  wasm: () => new WASMEngine(module('kernel-scalar.wasm')),
  'wasm-simd': () => new WASMEngine(module('kernel-simd.wasm')),
};

for (const [name, make] of Object.entries(ENGINES)) {
  test(`${name} reaches the golden hashes`, () => {
    const engine = make();
    for (const [w, h, input, blurred, both] of [
      [24, 24, '43558b3b', 'c8b1be09', '42eea6ee'], [SIZES.small.w, SIZES.small.h, '0acd8797', '8f23a8d2', '3fb5124e'],
    ]) {
      const pixels = testImage(w, h);
      assert.equal(hash(pixels), input);
      assert.equal(hash(engine.run(pixels, w, h, 'blur')), blurred);
      assert.equal(hash(engine.run(pixels, w, h, 'both')), both);
      assert.equal(hash(pixels), input, 'the input is changed');
    }
  });

  test(`${name} answers pixels of its own`, () => {
    const engine = make();
    const first = engine.run(testImage(24, 24), 24, 24, 'both');
    engine.run(testImage(64, 48), 64, 48, 'both');
    assert.equal(hash(first), '42eea6ee');
  });
}
