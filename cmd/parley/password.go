package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxPassword bounds what is read as a password, in bytes.
const maxPassword = 1024

// randomPassword has 80 bits and nothing that is hard to type.
func randomPassword() string { return strings.ToLower(rand.Text()[:16]) }

// readPassword asks for a new password: twice and without echo at a terminal,
// else one line of standard input. It is never an argument, which every user
// of the machine could see.
func (inv *invocation) readPassword(ctx context.Context, jid string, fromStdin bool) (string,
	error) {
	file, ok := inv.stdin.(*os.File)
	if fromStdin || !ok || !term.IsTerminal(int(file.Fd())) {
		return passwordLine(inv.stdin)
	}
	first, err := inv.prompt(ctx, file, "New password for "+jid+": ")
	if err != nil {
		return "", err
	}
	second, err := inv.prompt(ctx, file, "The same again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// passwordLine reads one line.
func passwordLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxPassword+2)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	return line, checkPassword(line)
}

// checkPassword holds the bounds; what characters it may have is auth's rule.
func checkPassword(p string) error {
	if p == "" {
		return errors.New("the password is empty; nothing was changed")
	}
	if len(p) > maxPassword {
		return fmt.Errorf("the password is longer than %d bytes; nothing was changed", maxPassword)
	}
	return nil
}

// prompt asks once. The end of ctx (Ctrl-C) gives the terminal back its echo.
func (inv *invocation) prompt(ctx context.Context, file *os.File, text string) (string, error) {
	fd := int(file.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read terminal: %w", err)
	}
	fmt.Fprint(inv.stderr, text)
	defer fmt.Fprintln(inv.stderr)
	type read struct {
		line []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		line, err := term.ReadPassword(fd)
		done <- read{line, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return "", fmt.Errorf("read password: %w", r.err)
		}
		return string(r.line), checkPassword(string(r.line))
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}
