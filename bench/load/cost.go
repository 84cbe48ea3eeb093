package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// cpu is the CPU time of a process so far, in seconds.
func cpu(pid int) (float64, error) {
	var t unix.Timespec
	// The clock of another process (clock_getcpuclockid(3)): /proc has hundredths
	// only, too few where little is done.
	if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return float64(t.Nano()) / 1e9, nil
}

// cpu is the CPU time of the servers so far.
func (o *options) cpu() (float64, error) {
	sum, err := cpu(o.pid)
	if err != nil || o.to.pid == 0 {
		return sum, err
	}
	more, err := cpu(o.to.pid)
	return sum + more, err
}

// rss is the resident memory of a process in KiB.
func rss(pid int) (int, error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if s, ok := strings.CutPrefix(lines.Text(), "Rss:"); ok {
			return strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(s), " kB"))
		}
	}
	return 0, fmt.Errorf("no Rss of process %d: %w", pid, lines.Err())
}

// measure tells what the operations that do counts cost the server.
func (o *options) measure(what string, do func() (operations int, err error)) error {
	before, err := o.cpu()
	if err != nil {
		return err
	}
	n, err := do()
	if err != nil {
		return err
	}
	after, err := o.cpu()
	if err != nil {
		return err
	}
	fmt.Printf("%-10s %8d operations, %7.1f µs of server CPU each\n", what, n, (after-before)/float64(n)*1e6)
	return nil
}
