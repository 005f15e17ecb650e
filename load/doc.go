// Package load runs a scenarios.Plan: arrivals start on an exact schedule whatever the target does, each becomes a virtual
// user that walks its flow, and every request becomes a Result, which is a vegeta result with what an edge tester asks
// beside it: the phases of the time, region, cache status and cold start.
//
// The schedule is open-loop: an arrival that cannot start in time is started late, counted and its lateness reported. Nothing
// is dropped but what the script's maxVusers asks to drop, and that is counted too.
package load
