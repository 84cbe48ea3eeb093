//go:build cgo

package store

import (
	"database/sql/driver"
	"errors"

	"github.com/mattn/go-sqlite3"
)

// DriverName says which SQLite this program was built with.
const DriverName = "github.com/mattn/go-sqlite3"

func newDriver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// sqliteCode is the primary result code of an error of SQLite's, else 0.
func sqliteCode(err error) int {
	var e sqlite3.Error
	if errors.As(err, &e) {
		return int(e.Code)
	}
	return 0
}
