// Package report sums a run up and says what came of it: counters and distributions in the names of Artillery's report, the
// verdict and its exit code, the console, the files, and the summary for a collector.
package report
