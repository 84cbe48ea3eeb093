package c2s

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails if goroutines of ours are left when all tests are over.
func TestMain(m *testing.M) {
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

func leaked() string {
	buf := make([]byte, 1<<20)
	var left []string
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "parley/") && !strings.Contains(g, "c2s.TestMain(") {
			left = append(left, g)
		}
	}
	return strings.Join(left, "\n\n")
}
