# The Worker of worker.mjs, which its test bundles, with the Cache API of wasm-bench beside it.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "cache", worker = .cache),
    # Not used here: internal/workerd gives its address to every config.
    (name = "edge_requests", external = (address = "127.0.0.1:9", http = ())),
    (name = "internet", network = (allow = ["127.0.0.0/8"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (cfBlobHeader = "cf-blob"), service = "main")],
);

const main :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-06-01",
  compatibilityFlags = ["nodejs_compat"],
  cacheApiOutbound = "cache",
  bindings = [(name = "OTLP_URL", fromEnvironment = "OTLP_URL")],
);

const cache :Workerd.Worker = (
  modules = [(name = "cache.mjs", esModule = embed "cache.mjs")],
  compatibilityDate = "2026-06-01",
);
