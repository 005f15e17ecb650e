//go:build unix

package run

import (
	"math"
	"syscall"
)

// descriptorLimit returns how many descriptors the process may have, 0 for any number.
func descriptorLimit() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil || l.Cur > math.MaxInt32 {
		return 0
	}
	return int(l.Cur)
}
