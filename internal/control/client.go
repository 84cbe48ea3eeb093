package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"syscall"
	"time"
)

// Call asks the server of a data folder to run a command, and reads its answer
// into result (nil: not wanted). ErrNotRunning says that there is no server; an
// *Error is the server's own.
func Call(ctx context.Context, dir, command string, args, result any) error {
	conn, err := dial(dir, readTime)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return ErrNotRunning
	}
	if err != nil {
		return fmt.Errorf("connect to server: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	answered, err := exchange(conn, command, args)
	if err = errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("ask server: %w", errors.Join(ctx.Err(), err))
	}
	if answered.Error != "" {
		return &Error{answered.Error}
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answered.Result, result); err != nil {
		return fmt.Errorf("read server's answer: %w", err)
	}
	return nil
}

// exchange sends the request and reads the answer.
func exchange(conn net.Conn, command string, args any) (answer, error) {
	var a answer
	if err := conn.SetDeadline(time.Now().Add(readTime + workTime)); err != nil {
		return a, err
	}
	raw, err := json.Marshal(args)
	if err != nil {
		return a, err
	}
	if err := json.NewEncoder(conn).Encode(request{command, raw}); err != nil {
		return a, err
	}
	line, err := bufio.NewReader(io.LimitReader(conn, maxAnswer)).ReadBytes('\n')
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(line, &a)
}
