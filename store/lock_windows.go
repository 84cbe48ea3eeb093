package store

import (
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes the lock of an open file, which the system drops with the
// last handle, also when the process is killed. It covers one byte far behind
// the process id, which stays readable.
func tryLock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	at := &windows.Overlapped{Offset: 1 << 20}
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at)
}

// heldByOther tells a lock that somebody has from one that cannot be had.
func heldByOther(err error) bool { return err == windows.ERROR_LOCK_VIOLATION }
