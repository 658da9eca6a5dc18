package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// phase is the measured part of a run: from its creation until it is reported.
type phase struct {
	before syscall.Rusage
	start  time.Time
}

func startPhase() phase {
	var result phase
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &result.before))
	result.start = time.Now()
	return result
}

func print(name string, value float64) {
	fmt.Println(name, value)
}

// report prints what the phase took. It returns the seconds.
func (p phase) report(operations float64) float64 {
	seconds := time.Since(p.start).Seconds()
	var now syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &now))
	cpu := func(x syscall.Rusage) float64 {
		return float64(x.Utime.Nano()+x.Stime.Nano()) * 1e-9
	}
	print("seconds", seconds)
	print("operations", operations)
	print("cpu_s", cpu(now)-cpu(p.before))
	print("nvcsw", float64(now.Nvcsw-p.before.Nvcsw))
	print("nivcsw", float64(now.Nivcsw-p.before.Nivcsw))
	return seconds
}

// reportFlow prints the rate of a flow of bytes; a MiB is an operation.
func (p phase) reportFlow(bytes int) {
	mib := float64(bytes) / 1048576
	print("mib_per_s", mib/p.report(mib))
}

// reportRate prints the rate of runs.
func (p phase) reportRate(count int) {
	print("per_s", float64(count)/p.report(float64(count)))
}

// printTimes prints median, 99th percentile and mean of times in seconds.
func printTimes(times []float64) {
	sort.Float64s(times)
	sum := 0.0
	for _, x := range times {
		sum += x
	}
	print("p50_us", times[len(times)/2]*1e6)
	print("p99_us", times[len(times)*99/100]*1e6)
	print("mean_us", sum/float64(len(times))*1e6)
}

// privateMemory returns the KiB of memory that only this process has.
func privateMemory() float64 {
	status, err := os.ReadFile("/proc/self/status")
	check(err)
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "RssAnon:") {
			kib, err := strconv.Atoi(strings.Fields(line)[1])
			check(err)
			return float64(kib)
		}
	}
	return 0
}

// openDescriptors returns the number of open descriptors.
func openDescriptors() float64 {
	entries, err := os.ReadDir("/proc/self/fd")
	check(err)
	return float64(len(entries)) - 1
}
