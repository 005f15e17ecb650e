# The JPEG codecs for loadgen bench --codecs: jpeg-js in JavaScript, @jsquash/jpeg (MozJPEG) in WebAssembly.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "edge_requests", external = (address = "127.0.0.1:9", http = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "codecs.mjs", esModule = embed "codecs.mjs"),
    (name = "kernel.mjs", esModule = embed "kernel.mjs"),
    (name = "jpeg-js-decoder.cjs", commonJsModule = embed "../node_modules/jpeg-js/lib/decoder.js"),
    (name = "jpeg-js-encoder.cjs", commonJsModule = embed "../node_modules/jpeg-js/lib/encoder.js"),
    (name = "jsquash/decode.js", esModule = embed "../node_modules/@jsquash/jpeg/decode.js"),
    (name = "jsquash/encode.js", esModule = embed "../node_modules/@jsquash/jpeg/encode.js"),
    (name = "jsquash/utils.js", esModule = embed "../node_modules/@jsquash/jpeg/utils.js"),
    (name = "jsquash/meta.js", esModule = embed "../node_modules/@jsquash/jpeg/meta.js"),
    (name = "jsquash/codec/dec/mozjpeg_dec.js", esModule = embed "../node_modules/@jsquash/jpeg/codec/dec/mozjpeg_dec.js"),
    (name = "jsquash/codec/enc/mozjpeg_enc.js", esModule = embed "../node_modules/@jsquash/jpeg/codec/enc/mozjpeg_enc.js"),
    (name = "jpeg-decode.wasm", wasm = embed "../node_modules/@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm"),
    (name = "jpeg-encode.wasm", wasm = embed "../node_modules/@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm"),
  ],
  compatibilityDate = "2026-06-01",
  # jpeg-js asks for Buffer; jSquash takes the runtime for the web when it finds no ServiceWorker.
  compatibilityFlags = ["nodejs_compat"],
);
