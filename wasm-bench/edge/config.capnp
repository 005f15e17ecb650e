# One region of the edge function on workerd. Nothing in here changes: ports are given by -s, addresses by -e and the rest
# by the environment. internal/workerd starts it; by hand, from this folder:
#
#   EDGE_REGION=FRA OTLP_URL=http://127.0.0.1:4318 DATA_POINTS=on workerd serve --experimental config.capnp config \
#     -s http=127.0.0.1:8787 -e edge_requests=127.0.0.1:4318
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "cache", worker = .cache),
    # workerd names the dataset after the service that receives the data points.
    (name = "edge_requests", external = (address = "127.0.0.1:4318", http = ())),
    # Without "allow" fetch() reaches no private address, and the collector is often on one.
    (name = "internet", network = (allow = ["public", "private", "127.0.0.0/8"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "routes.mjs", esModule = embed "routes.mjs"),
    (name = "kernel.mjs", esModule = embed "kernel.mjs"),
    (name = "swar.mjs", esModule = embed "swar.mjs"),
    (name = "wasmhost.mjs", esModule = embed "wasmhost.mjs"),
    (name = "edgescope.mjs", esModule = embed "../../ingest/edgemodule/edgescope.mjs"),
    (name = "task.mjs", esModule = embed "task.mjs"),
    (name = "scalar.wasm", wasm = embed "../wasm/kernel-scalar.wasm"),
    (name = "simd.wasm", wasm = embed "../wasm/kernel-simd.wasm"),
    # What GET /cold gives to a new isolate: its source, and the bytes of a module to compile.
    (name = "isolate.txt", text = embed "isolate.mjs"),
    (name = "simd.bin", data = embed "../wasm/kernel-simd.wasm"),
  ],
  compatibilityDate = "2026-06-01",
  cacheApiOutbound = "cache",
  bindings = [
    (name = "REGION", fromEnvironment = "EDGE_REGION"),
    (name = "OTLP_URL", fromEnvironment = "OTLP_URL"),
    (name = "DATA_POINTS", fromEnvironment = "DATA_POINTS"),
    (name = "SERVICE_NAME", fromEnvironment = "SERVICE_NAME"),
    (name = "SERVICE_VERSION", fromEnvironment = "SERVICE_VERSION"),
    (name = "TASK_KEY", fromEnvironment = "TASK_KEY"),
    (name = "AE", analyticsEngine = "edge_requests"),
    (name = "LOADER", workerLoader = (id = "cold")),
  ],
);

const cache :Workerd.Worker = (
  modules = [(name = "cache.mjs", esModule = embed "cache.mjs")],
  compatibilityDate = "2026-06-01",
);
