package workerd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ownGroup keeps the terminal's signals away from workerd, so that Stop is what ends it, and has the kernel kill it
// when this process dies, however it dies. To be exact, when the thread ends that started it (prctl(2),
// PR_SET_PDEATHSIG); Go ends a thread only if a goroutine exits that is locked to it.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

func usage(pid int) (Usage, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	cpu, err := threadTime(dir)
	if err != nil {
		return Usage{}, err
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return Usage{}, fmt.Errorf("read memory of workerd: %w", err)
	}
	rss, err := residentBytes(status)
	return Usage{CPU: cpu, RSS: rss}, err
}

// threadTime adds up the first field of every thread's schedstat: ns on the processor.
func threadTime(dir string) (time.Duration, error) {
	files, err := filepath.Glob(filepath.Join(dir, "task", "*", "schedstat"))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("read processor time of workerd: %s has no threads", dir)
	}
	var sum int64
	for _, file := range files {
		line, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // the thread has ended meanwhile
		}
		if err != nil {
			return 0, fmt.Errorf("read processor time of workerd: %w", err)
		}
		first, _, _ := strings.Cut(string(line), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read processor time of workerd: %s: %w", file, err)
		}
		sum += ns
	}
	return time.Duration(sum), nil
}

// residentBytes reads VmRSS of /proc/PID/status, which is in kB.
func residentBytes(status []byte) (int64, error) {
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(value)), " kB"), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read memory of workerd: %w", err)
			}
			return kb << 10, nil
		}
	}
	return 0, errors.New("read memory of workerd: /proc/PID/status has no VmRSS")
}
