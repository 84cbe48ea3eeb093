//go:build !race

package stream

import (
	"syscall"
	"unsafe"
)

// tryRead and tryWrite are read(2) and write(2) on a socket that never waits.
// Go's own tell its scheduler before each call that it may take long, and the
// first one after a pause wakes the thread that watches for that: where messages
// come one by one, that thread was a third of what a message cost.

func tryRead(fd int, b []byte) (int, error) { return direct(syscall.SYS_READ, fd, b) }

func tryWrite(fd int, b []byte) (int, error) { return direct(syscall.SYS_WRITE, fd, b) }

// direct is a system call, again after a signal.
func direct(call uintptr, fd int, b []byte) (int, error) {
	for {
		n, _, err := syscall.RawSyscall(call, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		switch err {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, err
		}
	}
}
