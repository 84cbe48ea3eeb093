package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestConditions(t *testing.T) {
	const src = `package p

// f follows RFC 6120 section 1.
func f(a, b bool) int {
	if a && b {
		return 1
	}
	switch {
	case a, !b:
		return 2
	}
	return 0
}

func g(a bool) int {
	if a {
		return 1
	}
	return 0
}

func h(a bool) int {
	// XEP-0001 section 2
	if a {
		return 1
	}
	return 0
}
`
	file := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := inFile(filepath.Dir(file), file)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a && b", "a", "!b", "a"}
	if len(list) != len(want) {
		t.Fatalf("%d conditions, %d expected: %+v", len(list), len(want), list)
	}
	for i, c := range list {
		if c.text != want[i] {
			t.Errorf("condition %d is %q, %q expected", i, c.text, want[i])
		}
	}
}
