//go:build !cgo

package store

import (
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
)

// DriverName says which SQLite this program was built with.
const DriverName = "modernc.org/sqlite"

func newDriver() driver.Driver { return &sqlite.Driver{} }

// sqliteCode is the primary result code of an error of SQLite's, else 0.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
