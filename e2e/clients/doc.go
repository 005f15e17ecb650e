// Package clients runs clients that others wrote against the built collector: SDKs of OpenTelemetry for JavaScript and
// Go, of Vercel and for Workers, Deno's own export, telemetrygen, workerd's bindings and tail workers, and the module
// that the collector serves, on every runtime that it is for, and the OpenTelemetry Collector in front of ours. Each
// test asks what the collector made of it; what a client can't say must be absent. Others ask it: vlogscli, vmalert,
// Prometheus' client for Go, and promtool, which is built with EDGESCOPE_CLIENTS=full only. `make e2e-clients` installs
// and runs them.
//
// The package is a module of its own, so that what the clients need is nothing that the product needs.
package clients
