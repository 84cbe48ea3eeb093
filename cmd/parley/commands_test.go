package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// bare runs a command line as it is, without --config.
func bare(args ...string) result {
	var out, errs bytes.Buffer
	sys := system()
	sys.stdin, sys.stdout, sys.stderr = strings.NewReader(""), &out, &errs
	code := run(context.Background(), sys, args)
	return result{code, out.String(), errs.String()}
}

func TestHelp(t *testing.T) {
	for _, asked := range []string{"help", "-h", "--help"} {
		r := bare(asked)
		if r.code != 0 || r.stderr != "" {
			t.Errorf("%s: status %d, %s", asked, r.code, r.stderr)
		}
		golden(t, "help.txt", r.stdout)
	}
	if r := bare(); r.code != 2 || !strings.HasPrefix(r.stderr, "Parley is") {
		t.Errorf("without arguments: %+v", r)
	}
	for _, wrong := range [][]string{{"serv"}, {"user"}, {"user", "ad"}} {
		want := "parley: unknown command \"" + strings.Join(wrong, " ") + "\"\n"
		if r := bare(wrong...); r.code != 2 || !strings.HasPrefix(r.stderr, want) {
			t.Errorf("%q: %+v", wrong, r)
		}
	}
}

// TestUsage holds that each subcommand explains itself and refuses arguments
// and flags that it does not have.
func TestUsage(t *testing.T) {
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if r := bare(append(words, "--help")...); r.code != 0 || !strings.Contains(r.stderr, c.help) {
			t.Errorf("%s --help: %+v", c.name, r)
		}
		if r := bare(append(words, "--none")...); r.code != 2 {
			t.Errorf("%s --none: %+v", c.name, r)
		}
		if c.name == "config example" {
			continue // takes any number
		}
		if r := bare(append(words, "a", "b", "c")...); r.code != 2 ||
			!strings.HasPrefix(r.stderr, "usage: parley "+c.name) {
			t.Errorf("%s a b c: %+v", c.name, r)
		}
	}
}

// TestNoConfig holds that without a file the admin is told how to get one.
func TestNoConfig(t *testing.T) {
	w := newWorld(t)
	for _, c := range []string{"serve", "check", "status", "reload", "sessions", "user list"} {
		w.fail(1, "parley: there is no DIR/parley.toml; make one with: parley quickstart\n",
			strings.Fields(c)...)
	}
}

// TestBadConfig holds that all errors of the file are told.
func TestBadConfig(t *testing.T) {
	w := newWorld(t)
	w.file("parley.toml", "domains = [\"example.org\"]\nlimts.stanza = 1\nlimits.queue = 1\n")
	w.fail(1, "parley: parley.toml:2: unknown key \"limts.stanza\"; did you mean limits.stanza?\n"+
		"parley.toml:3: limits.queue must be from 64 KiB to 1 GiB\n", "check")
}

// TestNotRunning holds what subcommands say that need the server.
func TestNotRunning(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["example.org"]`)
	for _, line := range []string{"status", "reload", "sessions", "sessions --kick a@b"} {
		args := strings.Fields(line)
		w.fail(1, "parley: the server is not running; start it with: parley serve\n", args...)
	}
}

// TestFlagsAnywhere holds that flags may stand before and behind arguments.
func TestFlagsAnywhere(t *testing.T) {
	for _, args := range [][]string{
		{"--config", "f", "a", "b"}, {"a", "--config", "f", "b"}, {"a", "b", "--config=f"},
	} {
		inv := newInvocation(system(), commands()[0], args)
		got, err := inv.parse(2, 2)
		if err != nil || strings.Join(got, " ") != "a b" || inv.configFlag != "f" {
			t.Errorf("%q: %q, %q, %v", args, got, inv.configFlag, err)
		}
	}
}

// TestProcess runs the program as one: its exit status and its two outputs.
func TestProcess(t *testing.T) {
	out, err := parleyCommand(t, t.TempDir(), "help").Output()
	if err != nil || !strings.HasPrefix(string(out), "Parley is an XMPP server") {
		t.Errorf("help: %s, %v", out, err)
	}
	cmd := parleyCommand(t, t.TempDir(), "status")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err = cmd.Output()
	if err == nil || cmd.ProcessState.ExitCode() != 1 || len(out) != 0 {
		t.Errorf("status: %q, %v", out, err)
	}
	want := "parley: there is no parley.toml; make one with: parley quickstart\n"
	if got := errs.String(); got != want {
		t.Errorf("status: %s", got)
	}
}
