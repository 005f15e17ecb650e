package health

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of /proc/PID/stat on every platform that Go knows (USER_HZ, proc(5)).
const clockTick = 10 * time.Millisecond

// childrenTime is the processor time of the children that live, those that run JavaScript: the kernel counts them into
// this process only when they have ended.
func childrenTime() (sum time.Duration) {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return 0
	}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for pid := range strings.FieldsSeq(string(text)) {
			if stat, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", pid)); err == nil {
				sum += timeOfStat(string(stat))
			}
		}
	}
	return sum
}

// timeOfStat adds up the times in user and kernel mode, the fields 14 and 15. The name before them may hold anything but
// ends with the last parenthesis.
func timeOfStat(stat string) time.Duration {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, userErr := strconv.ParseInt(fields[11], 10, 64)
	kernel, kernelErr := strconv.ParseInt(fields[12], 10, 64)
	if userErr != nil || kernelErr != nil {
		return 0
	}
	return time.Duration(user+kernel) * clockTick
}
