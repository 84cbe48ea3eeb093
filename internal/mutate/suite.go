package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// suite is the tests of a package, built so that conditions can be negated.
type suite struct {
	program string
	dir     string
	temp    string
	args    []string
	limit   time.Duration // what one run of them may take
	reached map[int]bool  // the numbers of the conditions that they come by
}

// newSuite builds the tests of a package and runs them with nothing negated. A
// mutant may take four times as long and five seconds: what takes longer hangs.
func newSuite(ctx context.Context, root, pkg string, args ...string) (*suite, error) {
	s := &suite{
		program: filepath.Join(root, strings.ReplaceAll(pkg, "/", "-")+".test"),
		dir:     filepath.Join(root, pkg), temp: filepath.Join(root, "tmp"),
		args: args, limit: time.Hour,
	}
	if err := os.MkdirAll(s.temp, 0o700); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "test", "-c", "-p", "1", "-vet=off", "-trimpath",
		"-o", s.program, "./"+pkg)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build tests of %s: %w\n%s", pkg, err, out)
	}
	return s, s.measure(ctx, pkg)
}

// tries is how often tests may fail with nothing negated: a machine that is
// busy with other things has made one fail that waits for a client.
const tries = 3

// measure runs the tests with nothing negated.
func (s *suite) measure(ctx context.Context, pkg string) error {
	record := s.program + ".reached"
	for try := 1; ; try++ {
		if err := os.WriteFile(record, nil, 0o600); err != nil {
			return err
		}
		start := time.Now()
		f, err := s.run(ctx, reachedEnv+"="+record, "")
		took := time.Since(start)
		switch {
		case err != nil || ctx.Err() != nil:
			return errors.Join(err, ctx.Err())
		case f.test == "":
			s.limit = 4*took + 5*time.Second
			fmt.Printf("tests of %s pass in %.1f s\n", pkg, took.Seconds())
			return s.read(record)
		case try == tries:
			return fmt.Errorf("%s of %s fails with nothing negated", f.test, pkg)
		}
		fmt.Printf("%s of %s fails with nothing negated: once more\n", f.test, pkg)
	}
}

// read reads the numbers of the conditions that the tests came by.
func (s *suite) read(record string) error {
	text, err := os.ReadFile(record)
	s.reached = map[int]bool{}
	for _, word := range strings.Fields(string(text)) {
		number, _ := strconv.Atoi(word)
		s.reached[number] = true
	}
	return err
}

// notices runs the tests with a condition negated and says which failed, if one
// did. That one is run again alone and must fail once more, lest a busy machine
// catches mutants; if it does not, nothing was noticed.
func (s *suite) notices(ctx context.Context, c *condition) (failure, error) {
	if !s.reached[c.number] {
		return failure{}, nil
	}
	env := negateEnv + "=" + strconv.Itoa(c.number)
	f, err := s.run(ctx, env, "")
	if err != nil || f.test == "" {
		return failure{}, err
	}
	again, err := s.run(ctx, env, f.test)
	if again.test == "" {
		return failure{}, err
	}
	return f, err
}

// failure is a test that failed.
type failure struct {
	test  string // "" if all passed
	hangs bool
}

// all stands for the name of a test in a run that failed without naming one.
const all = "all"

// run runs one of the tests, or all, and returns at the first that fails: its
// name, or, after too much time, that of the one that began last.
func (s *suite) run(ctx context.Context, env, only string) (failure, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	args := append([]string{verbose, "-test.failfast", "-test.timeout=0"}, s.args...)
	if only != "" && only != all {
		args = append(args, "-test.run="+pattern(only))
	}
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), env, "TMPDIR="+s.temp)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return failure{}, fmt.Errorf("start tests: %w", err)
	}
	failed, began := watch(bufio.NewReader(out))
	if failed != "" {
		cancel() // the others need not end
	}
	err = cmd.Wait()
	switch {
	case failed != "" || err == nil:
		return failure{test: failed}, nil
	case ctx.Err() != nil && began != "":
		return failure{test: began, hangs: true}, nil
	}
	return failure{test: all}, nil
}

// verbose makes tests say at once that a subtest has failed: without test2json
// they do when its parent is over.
const verbose = "-test.v=test2json"

// What such tests write has this mark before it.
var (
	failing   = regexp.MustCompile(`\x16 *--- FAIL: (\S+)`)
	beginning = regexp.MustCompile(`\x16=== (?:RUN|CONT) +([^/\s]+)`)
)

// watch reads what tests say until one fails or they end, and returns the name
// of that and of the last that began.
func watch(out *bufio.Reader) (failed, began string) {
	for {
		line, err := out.ReadString('\n')
		if m := failing.FindStringSubmatch(line); m != nil {
			return m[1], began
		}
		if m := beginning.FindStringSubmatch(line); m != nil {
			began = m[1]
		}
		if err != nil {
			return "", began
		}
	}
}

// pattern is the -test.run that chooses one test.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
