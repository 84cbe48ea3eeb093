package main

import (
	"bufio"
	"strings"
	"testing"
)

func TestWatch(t *testing.T) {
	for _, row := range []struct{ name, out, failed, began string }{
		{"nothing", "", "", ""},
		{"passes", "^=== RUN   TestA\n^--- PASS: TestA (0.00s)\nPASS\n", "", "TestA"},
		{"a subtest", "^=== RUN   TestA\n^=== RUN   TestA/b/c\n^    --- FAIL: TestA/b/c (0.00s)\n" +
			"^=== RUN   TestB\n", "TestA/b/c", "TestA"},
		{"in a line", "^=== RUN   TestA\nit says^--- FAIL: TestA (0.00s)\n", "TestA", "TestA"},
		{"hangs", "^=== RUN   TestA\n^--- PASS: TestA (0.00s)\n^=== RUN   TestB\n" +
			"^=== RUN   TestC\n^=== CONT  TestB/b\n", "", "TestB"},
		{"only says so", "^=== RUN   TestA\nit said --- FAIL: x\n", "", "TestA"},
	} {
		out := strings.NewReader(strings.ReplaceAll(row.out, "^", "\x16"))
		failed, began := watch(bufio.NewReader(out))
		if failed != row.failed || began != row.began {
			t.Errorf("%s: %q failed and %q began, %q and %q expected",
				row.name, failed, began, row.failed, row.began)
		}
	}
}

func TestPattern(t *testing.T) {
	if got := pattern("TestA/b/c+d"); got != `^TestA$/^b$/^c\+d$` {
		t.Errorf("pattern is %s", got)
	}
}
