// Package sdnotify tells the service manager how the server is doing, as
// sd_notify(3) describes: a datagram to the socket named in NOTIFY_SOCKET.
// Without such a socket it does nothing. It imports nothing of ours.
package sdnotify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Notifier sends notifications. Its zero value and nil send none.
type Notifier struct {
	socket   string
	watchdog time.Duration // the manager's limit, 0 for none
}

// FromEnv makes a Notifier from the environment that the manager set.
func FromEnv() *Notifier { return New(os.Getenv, os.Getpid()) }

// New makes a Notifier from an environment. The watchdog is ours only if
// WATCHDOG_PID is absent or pid (sd_watchdog_enabled(3)).
func New(getenv func(string) string, pid int) *Notifier {
	n := &Notifier{socket: getenv("NOTIFY_SOCKET")}
	if p := getenv("WATCHDOG_PID"); p != "" && p != strconv.Itoa(pid) {
		return n
	}
	if usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 52); err == nil && usec > 0 {
		n.watchdog = time.Duration(usec) * time.Microsecond
	}
	return n
}

// Ready says that start-up, or a reload, is done.
func (n *Notifier) Ready() error { return n.send("READY=1", "STATUS=serving") }

// Reloading says that the configuration is being read again; Ready must
// follow. The time stamp is what Type=notify-reload waits for.
func (n *Notifier) Reloading() error {
	return n.send("RELOADING=1", fmt.Sprintf("MONOTONIC_USEC=%d", monotonic().Microseconds()))
}

// Stopping says that the server is going down.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1", "STATUS=closing streams") }

// Alive restarts the watchdog's clock.
func (n *Notifier) Alive() error { return n.send("WATCHDOG=1") }

// Interval is how often Alive must be called: half of the manager's limit, 0
// where no watchdog waits.
func (n *Notifier) Interval() time.Duration {
	if n == nil || n.socket == "" {
		return 0
	}
	return n.watchdog / 2
}

// Watch calls Alive in time as long as healthy returns nil, until ctx ends. A
// check that fails or hangs lets the manager restart us, which is its purpose.
func (n *Notifier) Watch(ctx context.Context, healthy func(context.Context) error) error {
	every := n.Interval()
	if every <= 0 {
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last error
	for {
		check, cancel := context.WithTimeout(ctx, every)
		err := healthy(check)
		cancel()
		if err == nil {
			err = n.Alive()
		}
		last = err
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}

// send writes one datagram of lines.
func (n *Notifier) send(lines ...string) error {
	if n == nil || n.socket == "" {
		return nil
	}
	name := n.socket
	if strings.HasPrefix(name, "@") { // an abstract socket
		name = "\x00" + name[1:]
	}
	conn, err := net.DialTimeout("unixgram", name, time.Second)
	if err != nil {
		return fmt.Errorf("notify service manager: %w", err)
	}
	err = conn.SetWriteDeadline(time.Now().Add(time.Second))
	if err == nil {
		_, err = conn.Write([]byte(strings.Join(lines, "\n")))
	}
	if err = errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("notify service manager: %w", err)
	}
	return nil
}
