# What the test of this package runs: the module as a collector serves it, in a Worker.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "edge_requests", external = (address = "127.0.0.1:9", http = (injectRequestHeaders = [(name = "Authorization", value = "Bearer secret")]))),
    (name = "internet", network = (allow = ["127.0.0.0/8"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (cfBlobHeader = "cf-blob"), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "edgescope.mjs", esModule = embed "../edgescope.min.mjs"),
  ],
  compatibilityDate = "2026-06-01",
  bindings = [(name = "OTLP_URL", fromEnvironment = "OTLP_URL"), (name = "AE", analyticsEngine = "edge_requests")],
);
