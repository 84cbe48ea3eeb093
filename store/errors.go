package store

import (
	"database/sql"
	"errors"
	"fmt"
)

// Errors of this package, wrapped with the operation.
var (
	ErrNotFound = errors.New("store: not found")
	ErrExists   = errors.New("store: exists already")
	ErrReserved = errors.New("store: name was used by a deleted account") // tombstone
	ErrFull     = errors.New("store: disk is full")
	ErrQuota    = errors.New("store: quota reached")
	ErrLocked   = errors.New("store: folder is in use by another process")
	ErrClosed   = errors.New("store: closed")
	ErrNewer    = errors.New("store: database was written by a newer version")
)

// errTxOver is what a Tx answers that was kept after its function returned.
var errTxOver = errors.New("store: transaction used outside its function")

// PanicError is what becomes of a panic in a function handed to Write.
type PanicError struct {
	Value any
	Stack []byte
}

// Error names the panic without its stack.
func (e *PanicError) Error() string { return fmt.Sprintf("store: panic in a write: %v", e.Value) }

// SQLite's primary result codes that are told apart here.
const (
	codeFull       = 13
	codeConstraint = 19
)

// translate gives SQLite's and database/sql's errors the names of this package.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case sqliteCode(err) == codeFull:
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// wrap adds the operation to an error, if there is one.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", operation, err)
}
