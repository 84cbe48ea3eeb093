package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// migrations lead from one version of the database to the next; the version
// is the number of them that ran. The list is append-only: what was released
// is never changed, and each version has a fixture in testdata.
var migrations = []string{schema1, schema2, schema3}

// migrate brings the database to the last version, in one transaction. An
// existing database is copied before, so that an upgrade can be undone.
func migrate(ctx context.Context, c *conn, file string, migrations []string) error {
	version, err := versionOf(c)
	switch {
	case err != nil:
		return err
	case version > len(migrations):
		return fmt.Errorf("%w: version %d, known are %d", ErrNewer, version, len(migrations))
	case version == len(migrations):
		return nil
	case version > 0:
		if err := snapshot(c, file, version); err != nil {
			return fmt.Errorf("copy before migration: %w", err)
		}
	}
	sql := "BEGIN IMMEDIATE;\n" + strings.Join(migrations[version:], "\n") +
		fmt.Sprintf("\nPRAGMA user_version = %d;\nCOMMIT;", len(migrations))
	if _, err := c.c.ExecContext(ctx, sql); err != nil {
		c.c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return fmt.Errorf("migrate from version %d: %w", version, translate(err))
	}
	return nil
}

// versionOf is 0 for an empty file. A database with tables and no version is
// somebody else's.
func versionOf(c *conn) (version int, err error) {
	if err := c.row("PRAGMA user_version", nil, &version); err != nil || version > 0 {
		return version, err
	}
	var tables int
	if err := c.row("SELECT count(*) FROM sqlite_schema", nil, &tables); err != nil {
		return 0, err
	}
	if tables > 0 {
		return 0, errors.New("the file is a database of another program")
	}
	return 0, nil
}

// SnapshotName is the name of the copy that is kept of the database of a
// version when it is migrated to a later one.
func SnapshotName(version int) string { return fmt.Sprintf("parley-v%d.db", version) }

// snapshot copies the database beside itself. The copy gets its name when it
// is whole and on the disk.
func snapshot(c *conn, file string, version int) error {
	name := filepath.Join(filepath.Dir(file), SnapshotName(version))
	part := name + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := touch(part); err != nil { // VACUUM INTO takes an empty file
		return err
	}
	if _, err := c.exec("VACUUM INTO ?1", part); err != nil {
		return err
	}
	if err := syncFile(part); err != nil {
		return err
	}
	return os.Rename(part, name)
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
