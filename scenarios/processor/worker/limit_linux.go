package worker

import "syscall"

// dataSlack is what the runtime may take beside the heap: it asks for memory in pieces of 64 MiB.
const dataSlack = 256 << 20

// limitData has the kernel refuse memory above a limit (setrlimit(2), RLIMIT_DATA: private writable pages), which ends
// the process. A core is not written then.
func limitData(limit int64) {
	size := uint64(limit + dataSlack)
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: size, Max: size})
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}
