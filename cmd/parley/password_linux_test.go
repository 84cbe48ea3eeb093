package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal makes a pseudo-terminal: what is written to ours is typed at
// theirs.
func openTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = theirs.Close() })
	return ours, theirs
}

// typist answers each prompt of a program at a terminal with the next line.
type typist struct {
	mu      sync.Mutex
	prompts bytes.Buffer
	lines   []string
	ours    *os.File
}

// Write implements io.Writer for the program's standard error.
func (p *typist) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prompts.Write(b)
	if bytes.HasSuffix(b, []byte(": ")) && len(p.lines) > 0 {
		waitEcho(p.ours, false)
		_, err := io.WriteString(p.ours, p.lines[0])
		p.lines = p.lines[1:]
		return len(b), err
	}
	return len(b), nil
}

// waitEcho waits, for a while, until the terminal's echo is off or on: a person
// needs longer to begin to type than a program to turn it off.
func waitEcho(terminal *os.File, on bool) bool {
	for range 2000 {
		termios, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err == nil && (termios.Lflag&unix.ECHO != 0) == on {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// atTerminal runs parley with a terminal as standard input.
func (w *world) atTerminal(lines []string, args ...string) (cmd *exec.Cmd, said, echo string) {
	w.t.Helper()
	ours, theirs := openTerminal(w.t)
	cmd = parleyCommand(w.t, w.dir, args...)
	p := &typist{lines: lines, ours: ours}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, p, p
	if err := cmd.Run(); err != nil {
		p.prompts.WriteString("(" + err.Error() + ")\n")
	}
	// What the terminal shows of the typing is read from our side.
	fd := int(ours.Fd())
	if err := unix.SetNonblock(fd, true); err != nil {
		w.t.Fatal(err)
	}
	buf := make([]byte, 1024)
	n, err := unix.Read(fd, buf)
	if err != nil {
		n = 0
	}
	return cmd, p.prompts.String(), string(buf[:n])
}

// TestPrompt holds that at a terminal a password is asked for twice and not
// shown.
func TestPrompt(t *testing.T) {
	w := newWorld(t)
	w.config("domains = [\"example.org\"]\nlogin.iterations = 4096")
	for _, test := range []struct {
		typed []string
		want  string
	}{
		{[]string{"one\n", "two\n"}, "New password for a@example.org: \nThe same again: \n" +
			"parley: the two passwords differ; nothing was changed\n(exit status 1)\n"},
		{[]string{"\n"}, "New password for a@example.org: \n" +
			"parley: the password is empty; nothing was changed\n(exit status 1)\n"},
		{[]string{"one\n", "one\n"}, "New password for a@example.org: \nThe same again: \n" +
			"made the account a@example.org\n"},
	} {
		_, said, echo := w.atTerminal(test.typed, "user", "add", "a@example.org")
		if said != test.want {
			t.Errorf("%q: said\n%s\nwant\n%s", test.typed, said, test.want)
		}
		if strings.Contains(echo, "o") {
			t.Errorf("%q: the terminal showed %q", test.typed, echo)
		}
	}
	w.verifierOf("a@example.org")
}

// TestPromptInterrupted holds that Ctrl-C at the prompt ends the program, and
// that the terminal has its echo again.
func TestPromptInterrupted(t *testing.T) {
	w := newWorld(t)
	w.config(`domains = ["example.org"]`)
	_, theirs := openTerminal(t)
	cmd := parleyCommand(t, w.dir, "user", "add", "a@example.org")
	cmd.Stdin = theirs
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	prompt := "New password for a@example.org: "
	if _, err := io.ReadFull(errs, make([]byte, len(prompt))); err != nil {
		t.Fatal(err)
	}
	if !waitEcho(theirs, false) {
		t.Error("the terminal shows what is typed")
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(errs)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || string(rest) != "\nparley: context canceled\n" {
		t.Errorf("said %q, %v", rest, err)
	}
	if !waitEcho(theirs, true) {
		t.Error("the terminal does not show what is typed any more")
	}
}
