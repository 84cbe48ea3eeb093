package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func setting(name, value string) func(*Tx) error {
	return func(tx *Tx) error { return tx.SetSetting(name, value) }
}

func TestOpenAgainKeepsWhatWasWritten(t *testing.T) {
	for _, name := range []string{"data", "a b?c%d#e&f=g", "ü/deeper"} {
		dir := filepath.Join(t.TempDir(), name)
		db := openIn(t, dir, Options{})
		update(t, db, setting("name", "value"))
		closeTest(t, db)
		again := openIn(t, dir, Options{})
		if got := must[string](t)(again.Setting(t.Context(), "name")); got != "value" {
			t.Errorf("%s: setting is %q", name, got)
		}
	}
}

func TestFilesAreForTheirOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	db := openIn(t, dir, Options{})
	update(t, db, setting("a", "b"))
	want := map[string]fs.FileMode{
		"": 0o700 | fs.ModeDir, FileName: 0o600, FileName + "-wal": 0o600,
		FileName + "-shm": 0o600, LockName: 0o600,
	}
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != mode {
			t.Errorf("%q: %v, error %v, want %v", name, info.Mode(), err, mode)
		}
	}
}

func TestPragmas(t *testing.T) {
	db := openTest(t, Options{})
	update(t, db, func(tx *Tx) error {
		for pragma, want := range map[string]string{
			"synchronous": "2", "journal_mode": "wal", "wal_autocheckpoint": "0",
			"foreign_keys": "0", "busy_timeout": "10000", "journal_size_limit": "67108864",
		} {
			var got string
			if err := tx.row("PRAGMA "+pragma, nil, &got); err != nil || got != want {
				t.Errorf("%s is %q, error %v, want %q", pragma, got, err, want)
			}
		}
		return nil
	})
	err := db.read(t.Context(), func(c *conn) error {
		_, err := c.exec(`INSERT INTO setting VALUES ('a', 'b')`)
		return err
	})
	if err == nil {
		t.Error("a reader's connection can write")
	}
}

// TestDriversAgreeOnParameters holds what one text for several drivers rests
// on: a numbered parameter is bound by its number, not by first appearance.
func TestDriversAgreeOnParameters(t *testing.T) {
	db := openTest(t, Options{})
	var s string
	err := db.read(t.Context(), func(c *conn) error {
		return c.row(`SELECT ?2 || ?1 || ?2`, args("one", "two"), &s)
	})
	if err != nil || s != "twoonetwo" {
		t.Errorf("%q, %v", s, err)
	}
}

func TestFolderIsForOneProcess(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, Options{})
	_, err := Open(t.Context(), dir, Options{})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Fatalf("second Open: %v", err)
	}
	update(t, db, setting("still", "works"))
	closeTest(t, db)
	openIn(t, dir, Options{})
}

func TestOpenErrors(t *testing.T) {
	newer, other, garbage, file := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	script(t, newer, "PRAGMA user_version = 999")
	script(t, other, "CREATE TABLE bookmarks (url TEXT)")
	junk := []byte(strings.Repeat("this is not a database ", 100))
	if err := os.WriteFile(filepath.Join(garbage, FileName), junk, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(file, "data"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		newer: ErrNewer.Error(), other: "another program", garbage: "not a database",
		filepath.Join(file, "data"): "not a directory",
	} {
		for range 2 { // the first failure must leave nothing locked
			db, err := Open(t.Context(), dir, Options{})
			if db != nil || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, t.TempDir(), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
}

// script runs SQL on the database file of a folder that nobody has open.
func script(t *testing.T, dir, sql string) {
	t.Helper()
	pool := openPool(filepath.Join(dir, FileName))
	defer pool.Close()
	if _, err := pool.ExecContext(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestReadsEnd(t *testing.T) {
	db := openTest(t, Options{Readers: 1})
	read, hold := make(chan struct{}), make(chan struct{})
	go db.read(context.Background(), func(*conn) error { close(read); <-hold; return nil })
	<-read
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := db.Setting(ctx, "x")
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while it waited: %v", err)
	}
	go func() {
		_, err := db.Setting(context.Background(), "x")
		ended <- err
	}()
	go db.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("closed while it waited: %v", err)
	}
	close(hold)
	closeTest(t, db)
	if _, err := db.Setting(t.Context(), "x"); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
