//go:build race

package stream

import "syscall"

// With the race detector the calls are Go's own, which tell it that who reads
// from a socket comes after who has written to the other end.

func tryRead(fd int, b []byte) (int, error) { return retry(syscall.Read, fd, b) }

func tryWrite(fd int, b []byte) (int, error) { return retry(syscall.Write, fd, b) }

// retry is a system call, again after a signal.
func retry(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
