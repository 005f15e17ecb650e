# A Worker with the tail worker attached in both ways that workerd knows. By hand, from this folder:
#
#   OTLP_URL=http://127.0.0.1:4318 workerd serve --experimental tail.capnp config -s http=127.0.0.1:8787
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "tail", worker = .tail),
    (name = "stream", worker = .tail),
    # Not used here: internal/workerd gives its address to every config.
    (name = "edge_requests", external = (address = "127.0.0.1:9", http = ())),
    (name = "internet", network = (allow = ["public", "private", "127.0.0.0/8"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (cfBlobHeader = "cf-blob"), service = "main")],
);

const main :Workerd.Worker = (
  modules = [(name = "tailed.mjs", esModule = embed "tailed.mjs")],
  compatibilityDate = "2026-06-01",
  bindings = [(name = "EDGESCOPE_URL", fromEnvironment = "OTLP_URL")],
  tails = ["tail"],
  streamingTails = ["stream"],
);

const tail :Workerd.Worker = (
  modules = [(name = "tail.mjs", esModule = embed "tail.mjs")],
  compatibilityDate = "2026-06-01",
  compatibilityFlags = ["streaming_tail_worker"],
  bindings = [(name = "EDGESCOPE_URL", fromEnvironment = "OTLP_URL")],
);
