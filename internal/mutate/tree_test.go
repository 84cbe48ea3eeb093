package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A program with two conditions, one inside of the other.
const nested = `package main

import "os"

// RFC 6120 section 1
func main() {
	if a := len(os.Args) == 1; func() bool {
		if a {
			return true
		}
		return false
	}() {
		os.Exit(3)
	}
}
`

func TestPrepare(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module x\n\ngo 1.26\n", "p/p.go": nested} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := conditions(root, ".")
	if err != nil || len(list) != 2 {
		t.Fatalf("%d conditions, 2 expected: %v", len(list), err)
	}
	if err := prepare(root, list); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", "program", "./p")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for number, want := range map[string]int{"": 3, "0": 3, "1": 0, "2": 0} {
		if got := exit(t, root, negateEnv+"="+number); got != want {
			t.Errorf("with %q negated it ends with %d, %d expected", number, got, want)
		}
	}
	record := filepath.Join(root, "reached")
	if err := os.WriteFile(record, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	exit(t, root, reachedEnv+"="+record)
	if text, err := os.ReadFile(record); string(text) != "2\n1\n" {
		t.Errorf("%q was reached: %v", text, err)
	}
}

// exit runs the program and returns what it ends with.
func exit(t *testing.T, root, env string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "program"))
	cmd.Env = []string{env}
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}
