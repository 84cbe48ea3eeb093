//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package store

import (
	"os"
	"syscall"
)

// tryLock takes the lock of an open file, which the system drops with the
// last handle, also when the process is killed.
func tryLock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// heldByOther tells a lock that somebody has from one that cannot be had.
func heldByOther(err error) bool { return err == syscall.EWOULDBLOCK }
