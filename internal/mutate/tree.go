package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// checkout writes the tree of the last commit into a folder.
func checkout(ctx context.Context, dir string) error {
	file := filepath.Join(dir, "head.tar")
	for _, args := range [][]string{
		{"git", "archive", "-o", file, "HEAD"}, {"tar", "-xf", file, "-C", dir},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", args[0], err, out)
		}
	}
	return os.Remove(file)
}

// prepare makes all conditions of a tree such that each can be negated when the
// program starts: one compilation serves for all mutants.
func prepare(root string, all []*condition) error {
	files := map[string][]*condition{}
	for _, c := range all {
		files[c.file] = append(files[c.file], c)
	}
	for name, list := range files {
		path := filepath.Join(root, name)
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(negatable(string(src), list)), 0o600); err != nil {
			return err
		}
		pkg, _, _ := strings.Cut(string(src)[strings.Index("\n"+string(src), "\npackage ")+8:], "\n")
		if err := writeSwitch(filepath.Join(root, list[0].dir()), pkg, len(all)); err != nil {
			return err
		}
	}
	return nil
}

// negatable puts a call of negated around each condition.
func negatable(src string, list []*condition) string {
	put := map[int]string{}
	for _, c := range list {
		put[c.start], put[c.end] = fmt.Sprintf("negated(%d, ", c.number), ")"
	}
	var at []int
	for offset := range put {
		at = append(at, offset)
	}
	slices.Sort(at)
	var b strings.Builder
	done := 0
	for _, offset := range at {
		b.WriteString(src[done:offset] + put[offset])
		done = offset
	}
	return b.String() + src[done:]
}

// The environment variables that a prepared program reads.
const (
	negateEnv  = "MUTATE_NEGATE"  // the number of the condition to negate
	reachedEnv = "MUTATE_REACHED" // the file to write the numbers of those reached to
)

// writeSwitch adds the file that says which condition is negated.
func writeSwitch(dir, pkg string, conditions int) error {
	const text = `package %s

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

var (
	negatedNumber, _  = strconv.Atoi(os.Getenv(%q))
	negatedRecord, _  = os.OpenFile(os.Getenv(%q), os.O_APPEND|os.O_WRONLY, 0)
	negatedReached [%d]atomic.Bool
)

func negated[B ~bool](n int, condition B) B {
	if negatedRecord != nil {
		negatedNote(n)
	}
	return condition != B(n == negatedNumber)
}

func negatedNote(n int) {
	if !negatedReached[n].Swap(true) {
		fmt.Fprintln(negatedRecord, n)
	}
}
`
	file := filepath.Join(dir, "negated_switch.go")
	src := fmt.Sprintf(text, pkg, negateEnv, reachedEnv, conditions+1)
	return os.WriteFile(file, []byte(src), 0o600)
}
