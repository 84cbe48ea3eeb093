package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Handler runs one command. Its result is sent as JSON; its error as a text
// for the admin, so it must hold no secrets.
type Handler func(ctx context.Context, args json.RawMessage) (any, error)

// Server answers commands on the socket of a data folder.
type Server struct {
	listener *net.UnixListener
	file     string
	handlers map[string]Handler
	log      *slog.Logger
}

// Listen opens the socket in dir. A socket left by a server that is gone is
// replaced; with one that answers it is ErrRunning.
func Listen(dir string, handlers map[string]Handler, log *slog.Logger) (*Server, error) {
	if conn, err := dial(dir, time.Second); err == nil {
		return nil, errors.Join(ErrRunning, conn.Close())
	}
	file := filepath.Join(dir, Socket)
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("replace control socket: %w", err)
	}
	name, done, err := shortName(dir)
	if err != nil {
		return nil, fmt.Errorf("open data folder: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err = errors.Join(err, done()); err != nil {
		return nil, fmt.Errorf("listen on control socket: %w", err)
	}
	// The name that was listened on may be gone with its folder's descriptor:
	// Close removes the file by its own name.
	listener.SetUnlinkOnClose(false)
	if err := os.Chmod(file, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("protect control socket: %w", err), listener.Close())
	}
	return &Server{listener, file, handlers, log}, nil
}

// Run serves until ctx ends, waits for commands that run, and removes the
// socket.
func (s *Server) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, maxConns)
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept on control socket: %w", errors.Join(err, s.Close()))
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return conn.Close()
		}
		running.Go(func() {
			s.serve(ctx, conn)
			<-slots
		})
	}
}

// Close removes and closes the socket; Run does so at its end.
func (s *Server) Close() error {
	err := os.Remove(s.file)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, s.listener.Close())
}

// serve answers one connection.
func (s *Server) serve(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	a := s.answer(ctx, conn)
	err := conn.SetWriteDeadline(time.Now().Add(readTime))
	if err == nil {
		err = json.NewEncoder(conn).Encode(a)
	}
	if err = errors.Join(err, conn.Close()); err != nil {
		s.log.Debug("control answer not sent", "err", err)
	}
}

// answer reads the request and runs its command.
func (s *Server) answer(ctx context.Context, conn net.Conn) answer {
	if err := conn.SetReadDeadline(time.Now().Add(readTime)); err != nil {
		return answer{Error: err.Error()}
	}
	line, err := bufio.NewReader(io.LimitReader(conn, maxRequest)).ReadBytes('\n')
	if err != nil {
		return answer{Error: "no request of one line: " + err.Error()}
	}
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return answer{Error: "request is not JSON: " + err.Error()}
	}
	h, ok := s.handlers[r.Command]
	if !ok {
		return answer{Error: fmt.Sprintf("the server does not know the command %q", r.Command)}
	}
	return s.run(ctx, h, r)
}

// run runs the command and makes an answer of what it returns.
func (s *Server) run(ctx context.Context, h Handler, r request) answer {
	result, err := h(ctx, r.Args)
	if err != nil {
		s.log.Debug("control command refused", "command", r.Command, "err", err)
		return answer{Error: err.Error()}
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return answer{Error: "answer is not JSON: " + err.Error()}
	}
	if len(raw) > maxAnswer-1024 {
		return answer{Error: "the answer is too long: ask for less"}
	}
	return answer{Result: raw}
}

// Handle makes a Handler of a function with typed arguments.
func Handle[A, R any](fn func(context.Context, A) (R, error)) Handler {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var args A
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &args); err != nil {
				return nil, fmt.Errorf("read arguments: %w", err)
			}
		}
		return fn(ctx, args)
	}
}
