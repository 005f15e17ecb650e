# The engine go-wasm for loadgen bench. Its module is built on demand, `npm run wasm:go`: it is too large to be kept.
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
    (name = "go.mjs", esModule = embed "go.mjs"),
    (name = "bench.mjs", esModule = embed "bench.mjs"),
    (name = "gohost.mjs", esModule = embed "gohost.mjs"),
    (name = "kernel.mjs", esModule = embed "kernel.mjs"),
    (name = "go.wasm", wasm = embed "../wasm/kernel-go.wasm"),
  ],
  compatibilityDate = "2026-06-01",
);
