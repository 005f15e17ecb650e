package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"edgescope/internal/workerd"
)

// Region is one region of the edge function.
type Region struct {
	// Name is the airport code of its PoP.
	Name string
	// Distance is the simulated way from the client to the region, in one direction; whole milliseconds.
	Distance time.Duration
}

// Regions returns the three regions of demo and tests, nearest first.
func Regions() []Region {
	return []Region{
		{Name: "FRA", Distance: 5 * time.Millisecond},
		{Name: "IAD", Distance: 45 * time.Millisecond},
		{Name: "SIN", Distance: 90 * time.Millisecond},
	}
}

// EdgeOptions say where the edge function runs and whom it tells.
type EdgeOptions struct {
	// WASMBench is the folder wasm-bench, with node_modules.
	WASMBench string
	Regions   []Region
	// OTLPURL and AEAddr take spans and data points; see workerd.Options.
	OTLPURL, AEAddr string
	// Version is the function's service.version.
	Version string
	// Log returns the writer for the output of the region of that name; nil drops all.
	Log func(name string) io.Writer
}

// Edge is the edge function in several regions: a workerd process each, behind a proxy that delays both ways.
type Edge struct {
	regions []edgeRegion
}

type edgeRegion struct {
	Region
	worker *workerd.Process
	proxy  *toxiproxy.Proxy
}

// StartEdge starts all regions. No request is sent: the first one to each meets its cold start.
func StartEdge(ctx context.Context, o EdgeOptions) (*Edge, error) {
	e := &Edge{}
	// The proxies need a server to belong to, but nothing listens for its API.
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	for _, region := range o.Regions {
		started, err := startRegion(ctx, o, region, server)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start region %s: %w", region.Name, err),
				e.Stop(context.WithoutCancel(ctx)))
		}
		e.regions = append(e.regions, started)
	}
	return e, nil
}

func startRegion(ctx context.Context, o EdgeOptions, region Region, server *toxiproxy.ApiServer) (edgeRegion, error) {
	var output io.Writer
	if o.Log != nil {
		output = o.Log(region.Name)
	}
	worker, err := workerd.Start(ctx, workerd.Options{
		Dir: o.WASMBench, Region: region.Name, OTLPURL: o.OTLPURL, AEAddr: o.AEAddr, Version: o.Version,
		TaskKey: "one for all regions", Output: output,
	})
	if err != nil {
		return edgeRegion{}, err
	}
	proxy := toxiproxy.NewProxy(server, region.Name, "127.0.0.1:0", worker.Addr())
	err = proxy.Start()
	if err == nil {
		err = addDistance(proxy, region.Distance)
	}
	if err != nil {
		proxy.Stop()
		return edgeRegion{}, errors.Join(err, worker.Stop(ctx))
	}
	return edgeRegion{region, worker, proxy}, nil
}

// addDistance delays what goes through the proxy, in either direction.
func addDistance(proxy *toxiproxy.Proxy, oneWay time.Duration) error {
	for _, direction := range []string{"upstream", "downstream"} {
		toxic := fmt.Sprintf(`{"type":"latency","stream":%q,"attributes":{"latency":%d}}`, direction,
			oneWay.Milliseconds())
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return fmt.Errorf("delay %s: %w", direction, err)
		}
	}
	return nil
}

// URLs returns each region's address behind its simulated distance, by name: what config.regions of a script takes.
func (e *Edge) URLs() map[string]string {
	urls := make(map[string]string, len(e.regions))
	for _, r := range e.regions {
		urls[r.Name] = "http://" + r.proxy.Listen
	}
	return urls
}

// Worker returns the region's process, to ask it without distance; nil if there is no such region.
func (e *Edge) Worker(name string) *workerd.Process {
	for _, r := range e.regions {
		if r.Name == name {
			return r.worker
		}
	}
	return nil
}

// Stop stops all regions, last first. Calling it again does nothing.
func (e *Edge) Stop(ctx context.Context) error {
	var errs []error
	for i := len(e.regions) - 1; i >= 0; i-- {
		e.regions[i].proxy.Stop()
		if err := e.regions[i].worker.Stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop region %s: %w", e.regions[i].Name, err))
		}
	}
	e.regions = nil
	return errors.Join(errs...)
}
