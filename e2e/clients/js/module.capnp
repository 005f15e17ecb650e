# The Worker of module-worker.mjs, with the module as the collector serves it and the analyticsEngine binding.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    # workerd names the dataset after the service that receives the data points.
    (name = "edge_requests", external = (address = "127.0.0.1:9", http = ())),
    (name = "internet", network = (allow = ["127.0.0.0/8"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (cfBlobHeader = "cf-blob"), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "module-worker.mjs", esModule = embed "module-worker.mjs"),
    (name = "edgescope.mjs", esModule = embed "edgescope.mjs"),
    (name = "shop.cjs", commonJsModule = embed "shop.cjs"),
  ],
  compatibilityDate = "2026-06-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [(name = "OTLP_URL", fromEnvironment = "OTLP_URL"), (name = "AE", analyticsEngine = "edge_requests")],
);
