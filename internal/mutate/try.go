package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// verdict is what became of a mutant.
type verdict int

const (
	broken   verdict = iota // it does not compile
	refused                 // a test failed
	survived                // none did
)

// try negates the condition and runs the tests.
func (c *condition) try(ctx context.Context, limit time.Duration) (verdict, error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return broken, err
	}
	defer os.RemoveAll(dir)
	overlay, err := c.overlay(dir)
	if err != nil {
		return broken, err
	}
	pkg := "./" + filepath.ToSlash(filepath.Dir(c.file))
	if exec.CommandContext(ctx, "go", "build", "-overlay", overlay, pkg).Run() != nil {
		return broken, ctx.Err()
	}
	for _, tests := range [][]string{{pkg}, {"-run", "TestConversations/parked|TestConversationsInTime", "./server"}} {
		passed, err := test(ctx, limit, overlay, tests)
		if err != nil || !passed {
			return refused, err
		}
	}
	return survived, nil
}

// overlay writes the changed file and the list that puts it in place.
func (c *condition) overlay(dir string) (string, error) {
	src, err := os.ReadFile(c.file)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, "changed.go")
	text := string(src[:c.start]) + "!(" + c.text + ")" + string(src[c.end:])
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		return "", err
	}
	path, err := filepath.Abs(c.file)
	if err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, list, 0o600)
}

// test runs tests of the mutant; one that takes too long has failed.
func test(ctx context.Context, limit time.Duration, overlay string, args []string) (passed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit+time.Minute)
	defer cancel()
	all := append([]string{"test", "-overlay", overlay, "-count=1", "-failfast", "-vet=off", "-timeout", limit.String()}, args...)
	out, err := exec.CommandContext(ctx, "go", all...).CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &failed):
		if strings.Contains(string(out), "[build failed]") {
			return false, fmt.Errorf("tests do not build:\n%s", out)
		}
		return false, nil
	}
	return false, err
}
