// Package control is how the command line talks to the running server: a unix
// socket in the data folder, readable by its owner only, over which one line
// of JSON asks and one line answers. Which commands there are is in api.go;
// the server gives the functions. It imports nothing of ours.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Socket is the name of the socket in the data folder.
const Socket = "control.sock"

// Bounds of what is read, and of the time a peer may take.
const (
	maxRequest = 256 << 10
	maxAnswer  = 16 << 20
	maxConns   = 32
	readTime   = 10 * time.Second
	workTime   = 2 * time.Minute
)

// ErrNotRunning is returned by Call when no server has the data folder open.
var ErrNotRunning = errors.New("control: the server is not running")

// ErrRunning is returned by Listen when another server has the data folder
// open.
var ErrRunning = errors.New("control: a server is running on this data folder")

// Error is what the server answered instead of a result.
type Error struct{ Text string }

// Error is the server's text.
func (e *Error) Error() string { return e.Text }

// request is what a client sends.
type request struct {
	Command string          `json:"command"`
	Args    json.RawMessage `json:"args,omitempty"`
}

// answer is what the server sends back: one of both.
type answer struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// shortName is a name of the socket that fits into the 108 bytes of a socket
// address: a long one is reached through the open folder. done ends its use.
func shortName(dir string) (name string, done func() error, err error) {
	name = filepath.Join(dir, Socket)
	nothing := func() error { return nil }
	if len(name) < 100 || runtime.GOOS != "linux" {
		return name, nothing, nil
	}
	folder, err := os.Open(dir)
	if err != nil {
		return "", nothing, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), Socket), folder.Close, nil
}

// dial connects to the socket in dir.
func dial(dir string, limit time.Duration) (net.Conn, error) {
	name, done, err := shortName(dir)
	if err != nil {
		return nil, err
	}
	conn, err := net.DialTimeout("unix", name, limit)
	return conn, errors.Join(err, done())
}
