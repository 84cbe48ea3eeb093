package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// fixture makes a folder with the database of an old version.
func fixture(t *testing.T, version int) (dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("v%d.sql", version)))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	script(t, dir, string(text))
	return dir
}

// TestFixtures opens a database of every version there was: it has the schema
// that its migrations make, so none of them was changed later, and all that
// was in it is still there.
func TestFixtures(t *testing.T) {
	for version := 1; version <= len(migrations); version++ {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			dir, fresh := fixture(t, version), t.TempDir()
			script(t, fresh, strings.Join(migrations[:version], "\n"))
			if got, want := schemaOf(t, dir), schemaOf(t, fresh); !slices.Equal(got, want) {
				t.Errorf("schema %q, want %q", got, want)
			}
			checkFixture(t, openIn(t, dir, Options{}))
		})
	}
}

// schemaOf lists the statements that make the tables and indexes of the
// database in a folder that nobody has open.
func schemaOf(t *testing.T, dir string) (list []string) {
	t.Helper()
	pool := openPool(filepath.Join(dir, FileName))
	defer pool.Close()
	c, err := connect(t.Context(), pool, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	return must[[]string](t)(texts(c, `SELECT coalesce(sql, '') FROM sqlite_schema ORDER BY name`))
}

// checkFixture reads what every fixture holds.
func checkFixture(t *testing.T, db *DB) {
	t.Helper()
	ctx := t.Context()
	a := must[Account](t)(db.Account(ctx, "romeo@montague.example"))
	b := must[Account](t)(db.Account(ctx, "juliet@capulet.example"))
	if a.Verifier != "romeo's verifier" || a.Disabled || !b.Disabled || a.Created.Year() != 2023 {
		t.Errorf("accounts %+v, %+v", a, b)
	}
	seen, status, err := db.LastActivity(ctx, a.ID)
	if seen.Unix() != 1700000000 || status != "banished" || err != nil {
		t.Errorf("last activity %v %q %v", seen, status, err)
	}
	if got := must[string](t)(db.Setting(ctx, "salt")); got != "c2FsdA==" {
		t.Errorf("setting %q", got)
	}
	checkFixtureRoster(t, db, a.ID)
	checkFixtureMessages(t, db, a.ID, b.ID)
	if got := must[string](t)(db.Private(ctx, a.ID, "{storage:bookmarks}storage")); got == "" {
		t.Error("no bookmarks")
	}
	lists, def, err := db.Rules(ctx, a.ID)
	want := map[string][]Rule{
		"": {{Type: "jid", Value: "tybalt@capulet.example"}},
		"quiet": {{Order: 1, Type: "group", Value: "Verona", Kinds: KindMessage | KindPresenceIn},
			{Order: 2, Allow: true}},
	}
	if !reflect.DeepEqual(lists, want) || def != "quiet" || err != nil {
		t.Errorf("rules %v, %q, %v", lists, def, err)
	}
	since := time.Unix(1690000000, 0)
	if !must[bool](t)(db.HasSentTo(ctx, a.ID, "friar@laurence.example", since)) {
		t.Error("a contact is a stranger")
	}
	refused(t, db, ErrReserved, func(tx *Tx) error {
		_, err := tx.CreateAccount("paris@capulet.example", "x")
		return err
	})
}

func checkFixtureRoster(t *testing.T, db *DB, account int64) {
	t.Helper()
	want := []RosterItem{
		{JID: "juliet@capulet.example", Name: "Juliet", Groups: []string{"Friends", "Verona"},
			To: true, Ask: true, Approved: true, Listed: true, Version: 2},
		{JID: "tybalt@capulet.example", Pending: "<presence type='subscribe'/>", Version: 3},
	}
	list, version, err := db.Roster(t.Context(), account)
	if !reflect.DeepEqual(list, want) || version != 4 || err != nil {
		t.Errorf("roster %+v, version %d, %v", list, version, err)
	}
	_, removed, ok, err := db.RosterSince(t.Context(), account, 3)
	if !slices.Equal(removed, []string{"mercutio@montague.example"}) || !ok || err != nil {
		t.Errorf("removed %v, %v, %v", removed, ok, err)
	}
}

func checkFixtureMessages(t *testing.T, db *DB, a, b int64) {
	t.Helper()
	list := must[[]Message](t)(db.Missed(t.Context(), a, 0, 0))
	if len(list) != 2 || list[0].ID != 1 || list[1].ID != 4 {
		t.Fatalf("missed %v", list)
	}
	m := list[1]
	if m.Body != "<message><body>third</body></message>" || m.From != "nurse@capulet.example/hall" ||
		!m.Stamp.Equal(time.Unix(1700000002, 500000000)) {
		t.Errorf("message %+v", m)
	}
	if got := missedIDs(t, db, b); !slices.Equal(got, []int64{2}) {
		t.Errorf("the other account missed %v", got)
	}
	if id := add(t, db, "new", a)[0]; id != 5 {
		t.Errorf("the next id is %d", id)
	}
	update(t, db, func(tx *Tx) error {
		n, err := tx.Taken(a, 5)
		if n != 1 {
			t.Errorf("%d were owed", n)
		}
		return err
	})
	checkMessages(t, db)
}

// openWith opens with a list of migrations that is longer than the real one.
func openWith(ctx context.Context, dir string, more ...string) (*DB, error) {
	return open(ctx, dir, Options{}, append(slices.Clone(migrations), more...))
}

const addColumn = `ALTER TABLE setting ADD COLUMN extra TEXT NOT NULL DEFAULT 'more';`

func TestMigrationCanBeUndone(t *testing.T) {
	dir := fixture(t, len(migrations))
	db, err := openWith(t.Context(), dir, addColumn,
		`UPDATE setting SET value = 'changed', extra = extra || '!';`)
	if err != nil {
		t.Fatal(err)
	}
	var value, extra string
	err = db.read(t.Context(), func(c *conn) error {
		return c.row(`SELECT value, extra FROM setting`, nil, &value, &extra)
	})
	if err != nil || value != "changed" || extra != "more!" {
		t.Errorf("%q %q %v", value, extra, err)
	}
	closeTest(t, db)
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, ErrNewer) {
		t.Errorf("the old program: %v", err)
	}

	name := filepath.Join(dir, SnapshotName(len(migrations)))
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
		t.Fatalf("snapshot: %v, %v", info, err)
	}
	back := t.TempDir()
	if err := os.Rename(name, filepath.Join(back, FileName)); err != nil {
		t.Fatal(err)
	}
	checkFixture(t, openIn(t, back, Options{}))
}

// TestFailedMigration changes nothing, and the next try is not in its way.
func TestFailedMigration(t *testing.T) {
	dir := fixture(t, len(migrations))
	for range 2 {
		_, err := openWith(t.Context(), dir, addColumn, `UPDATE nowhere SET x = 1;`)
		if err == nil || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("error %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := openWith(ctx, dir, addColumn); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	db, err := openWith(t.Context(), dir, addColumn)
	if err != nil {
		t.Fatal(err)
	}
	defer closeTest(t, db)
	checkFixture(t, db)
}

// TestNewDatabaseHasNoSnapshot, and neither has one that is up to date.
func TestNewDatabaseHasNoSnapshot(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		closeTest(t, openIn(t, dir, Options{}))
	}
	list := must[[]string](t)(filepath.Glob(filepath.Join(dir, "*-v*")))
	if len(list) > 0 {
		t.Errorf("files %v", list)
	}
}
