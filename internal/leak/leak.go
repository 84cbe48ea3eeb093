// Package leak lets the tests of a package fail when goroutines are left.
package leak

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Main runs the tests and ends the process: with an error too if goroutines of
// this project are left when all are over. TestMain calls it.
func Main(m *testing.M) {
	code := m.Run()
	var left string
	for range 100 {
		if left = leaked(); left == "" {
			os.Exit(code)
		}
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Println("goroutines are left:\n" + left)
	os.Exit(1)
}

// leaked are the stacks of goroutines that run code of this project.
func leaked() string {
	buf := make([]byte, 1<<20)
	var left []string
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "parley/") && !strings.Contains(g, "leak.Main(") {
			left = append(left, g)
		}
	}
	return strings.Join(left, "\n\n")
}
