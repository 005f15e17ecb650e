package report

import (
	"cmp"
	"fmt"
	"net/url"
	"runtime"
	"strings"

	"edgescope/load/health"
	"edgescope/load/network"
	"edgescope/report/text"
)

// Environment is where and how the load was made: runs are compared only within one.
type Environment struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	// CPUs is how many processors loadgen used (GOMAXPROCS).
	CPUs int `json:"cpus"`
	// Connections is the pool that all users shared; 0: each had its own.
	Connections int `json:"connections"`
	// Protocol is the HTTP that was spoken, as config.http.version spells it.
	Protocol string `json:"protocol,omitempty"`
	// Network says what else stood between loadgen and the target, "" if nothing did.
	Network string `json:"network,omitempty"`
	// Processor is the model of the processor and Loadgen the version that ran, "" where they are not known. That they
	// differ is worth a note: what CI lends out changes from run to run.
	Processor string `json:"processor,omitempty"`
	Loadgen   string `json:"loadgen,omitempty"`
}

func (i *RunInfo) environment(connections int, target string) Environment {
	return Environment{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0), Connections: connections,
		Protocol: string(i.Protocol), Network: networkText(&i.Network,
			target), Processor: health.ProcessorModel(), Loadgen: i.Version,
	}
}

// networkText names what of a network changes how long requests to the target take.
func networkText(n *network.Options, target string) string {
	var parts []string
	add := func(is bool, text string) {
		if is {
			parts = append(parts, text)
		}
	}
	add(n.UnixSocket != "", "a unix socket")
	add(proxied(n, target), "a proxy")
	add(len(n.Routes) > 0, "connections sent elsewhere")
	add(n.Reset, "connections closed by reset")
	if n.Sessions != "" && n.Sessions != network.SessionsUser {
		parts = append(parts, "TLS sessions: "+string(n.Sessions))
	}
	return strings.Join(parts, ", ")
}

func proxied(n *network.Options, target string) bool {
	u, err := url.Parse(target)
	if n.Proxy == nil || err != nil {
		return false
	}
	proxy, err := n.Proxy(u)
	return proxy != nil || err != nil
}

// Kind is what must be equal for two runs to be compared.
func (e Environment) Kind() Environment {
	e.Processor, e.Loadgen = "", ""
	e.Protocol = cmp.Or(e.Protocol, string(network.HTTP1))
	return e
}

// String describes where and how the load was made: "linux/amd64, 2 CPUs, HTTP/2".
func (e Environment) String() string {
	made := fmt.Sprintf("%s/%s, %s", e.OS, e.Arch, text.Plural(int64(e.CPUs), "CPU"))
	if e.Connections > 0 {
		made += ", " + text.Plural(int64(e.Connections), "shared connection")
	}
	if p := e.Kind().Protocol; p == string(network.H2C) {
		made += ", h2c"
	} else if p != string(network.HTTP1) {
		made += ", HTTP/" + p
	}
	if e.Network != "" {
		made += ", " + e.Network
	}
	return made
}
