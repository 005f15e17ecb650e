package value

import (
	_ "embed" // zones.txt
	"strings"
	"sync"
	_ "time/tzdata" // the rules of all zones, so that no machine lacks them
)

//go:embed zones.txt
var zoneNames string

var zones = sync.OnceValue(func() []string { return strings.Fields(zoneNames) })

// Zones returns the names of all time zones of the IANA database, sorted. The caller must not change them.
func Zones() []string { return zones() }
