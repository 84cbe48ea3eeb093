package store

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/stanza"
)

// history stores n messages for owner, a second after each other, from one
// contact after the other, and returns their ids.
func history(t testing.TB, db *DB, owner int64, n int, contacts ...string) (ids []int64) {
	t.Helper()
	for i := range n {
		peer := stanza.MustJID(contacts[i%len(contacts)])
		update(t, db, func(tx *Tx) error {
			body, err := tx.AddBody(fmt.Sprintf("<message>%d</message>", i), peer.String(),
				time.Unix(1e9+int64(i), 0))
			if err != nil {
				return err
			}
			id, err := tx.AddArchived(owner, body, peer)
			ids = append(ids, id)
			return err
		})
	}
	return ids
}

// texts of the messages on a page, and "+" if there are more.
func (p ArchivePage) texts() string {
	var list []string
	for _, m := range p.Messages {
		list = append(list, strings.TrimSuffix(strings.TrimPrefix(m.Body, "<message>"), "</message>"))
	}
	if !p.Complete {
		list = append(list, "+")
	}
	return strings.Join(list, " ")
}

func TestArchivePage(t *testing.T) {
	db := openTest(t, Options{})
	ids := history(t, db, 1, 8, "romeo@example.net/orchard", "nurse@example.net", "romeo@example.net/hall")
	history(t, db, 2, 3, "mallory@example.net")
	history(t, db, -1, 3, "mallory@example.net")
	at := func(i int) time.Time { return time.Unix(1e9+int64(i), 0) }
	romeo := stanza.MustJID("romeo@example.net")
	for want, q := range map[string]ArchiveQuery{
		"0 1 2 3 4 5 6 7": {Max: 8},
		"0 1 2 3 +":       {Max: 4},
		"5 6 7 +":         {Max: 3, Backward: true},
		"3 4 5 6 7":       {Max: 9, After: ids[2], Known: ids[2:3]},
		"3 4 +":           {Max: 2, After: ids[2], Before: ids[7]},
		"5 6 +":           {Max: 2, After: ids[2], Before: ids[7], Backward: true},
		"0 2 3 5 6":       {Max: 9, With: romeo},
		"3 5 6 +":         {Max: 3, With: romeo, Backward: true},
		"0 3 6":           {Max: 9, With: stanza.MustJID("romeo@example.net/orchard")},
		"":                {Max: 9, With: stanza.MustJID("tybalt@example.net")},
		"2 3 4":           {Max: 9, Start: at(2), End: at(4)},
		"2 3 +":           {Max: 2, Start: at(2), End: at(4)},
		"3":               {Max: 9, Start: at(3), End: at(5), With: romeo, Before: ids[5]},
		"6 7":             {Max: 9, Start: at(6).Add(-1)},
		"7":               {Max: 9, Start: at(6).Add(time.Microsecond)},
		"0":               {Max: 9, End: at(1).Add(-time.Microsecond)},
		"+":               {Max: 0},
		"0 1 +":           {Max: 2, Start: time.Unix(0, 0), End: time.Unix(1<<33, 0)},
		"1 4":             {Max: 9, IDs: []int64{ids[4], ids[1], ids[4]}},
		"1 +":             {Max: 1, IDs: []int64{ids[4], ids[1]}},
		"4 +":             {Max: 1, IDs: []int64{ids[4], ids[1]}, Backward: true},
		"6":               {Max: 9, IDs: []int64{ids[4], ids[6]}, With: romeo},
		"4 6":             {Max: 9, IDs: []int64{ids[4], ids[6], ids[0]}, Start: at(1), After: ids[0]},
		"0 +":             {Max: 9, Bytes: 1},
		"7 +":             {Max: 9, Bytes: 1, Backward: true},
		"0 1 2 +":         {Max: 9, Bytes: 2*len("<message>0</message>") + 1},
	} {
		page, err := db.ArchivePage(t.Context(), 1, q)
		if got := page.texts(); got != want || err != nil {
			t.Errorf("%+v: %q, %v; want %q", q, got, err, want)
		}
	}
	if page, err := db.ArchivePage(t.Context(), 1, ArchiveQuery{Max: 9, Start: at(9)}); len(page.Messages) > 0 ||
		!page.Complete || err != nil {
		t.Errorf("nothing: %+v, %v", page, err)
	}
}

// TestArchiveUnknown: an id that is not in the archive, or in another one.
func TestArchiveUnknown(t *testing.T) {
	db := openTest(t, Options{})
	mine, other := history(t, db, 1, 1, "a@b"), history(t, db, 2, 1, "a@b")
	missed := add(t, db, "x", 1)
	for _, id := range []int64{other[0], missed[0], 4711} {
		for _, q := range []ArchiveQuery{{Max: 1, Known: []int64{mine[0], id}}, {Max: 1, IDs: []int64{mine[0], id}}} {
			if _, err := db.ArchivePage(t.Context(), 1, q); !errors.Is(err, ErrNotFound) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	}
}

// TestArchiveTimes finds times in a long archive as in a short one.
func TestArchiveTimes(t *testing.T) {
	db := openTest(t, Options{})
	const rows = 5000
	update(t, db, func(tx *Tx) error {
		for i := range rows {
			body, err := tx.AddBody(fmt.Sprint(i), "a@b", time.Unix(1e9+int64(i), 0))
			if err == nil {
				_, err = tx.AddArchived(int64(1+i%2), body, stanza.MustJID("a@b"))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	for _, i := range []int{0, 1, 2, 777, 2500, 2501, rows - 3, rows - 2} {
		at := time.Unix(1e9+int64(i), 0)
		first, last := i+i%2, i-i%2 // of owner 1, who has the even ones
		page := must[ArchivePage](t)(db.ArchivePage(t.Context(), 1, ArchiveQuery{Max: 1, Start: at}))
		if got := page.Messages[0].Body; got != fmt.Sprint(first) {
			t.Errorf("start %d: %s", i, got)
		}
		page = must[ArchivePage](t)(db.ArchivePage(t.Context(), 1,
			ArchiveQuery{Max: 1, End: at, Backward: true}))
		if got := page.Messages[0].Body; got != fmt.Sprint(last) {
			t.Errorf("end %d: %s", i, got)
		}
	}
}

// TestStampsAscend: the clock may go back a little.
func TestStampsAscend(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, Options{})
	now := time.Unix(1e9, 0)
	put := func(stamp time.Time) {
		update(t, db, func(tx *Tx) error {
			body, err := tx.AddBody("x", "a@b", stamp)
			if err == nil {
				_, err = tx.AddArchived(1, body, stanza.MustJID("a@b"))
			}
			return err
		})
	}
	put(now)
	put(now.Add(-time.Minute))
	closeTest(t, db)
	db = openIn(t, dir, Options{})
	put(now.Add(-time.Minute))
	put(now.Add(-48 * time.Hour))
	put(now.Add(-47 * time.Hour))
	var got []time.Duration
	for _, m := range must[ArchivePage](t)(db.ArchivePage(t.Context(), 1, ArchiveQuery{Max: 9})).Messages {
		got = append(got, m.Stamp.Sub(now))
	}
	if want := []time.Duration{0, 0, 0, -48 * time.Hour, -47 * time.Hour}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestArchiveEnds(t *testing.T) {
	db := openTest(t, Options{})
	if _, _, err := db.ArchiveEnds(t.Context(), 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("empty: %v", err)
	}
	add(t, db, "missed", 1)
	history(t, db, 2, 1, "a@b")
	ids := history(t, db, 1, 3, "a@b")
	first, last, err := db.ArchiveEnds(t.Context(), 1)
	if first.ID != ids[0] || last.ID != ids[2] || last.Stamp.Unix() != 1e9+2 || err != nil {
		t.Errorf("%+v %+v %v", first, last, err)
	}
}

// TestTombstoneOfMessage: everybody who has the message sees it.
func TestTombstoneOfMessage(t *testing.T) {
	db := openTest(t, Options{})
	var mine, theirs int64
	update(t, db, func(tx *Tx) error {
		body, err := tx.AddBody("secret", "a@b", time.Unix(1e9, 0))
		if err == nil {
			mine, err = tx.AddArchived(1, body, stanza.MustJID("b@b"))
		}
		if err == nil {
			theirs, err = tx.AddRow(Row{Owner: 2, Body: body, Owed: true, Archived: true,
				Peer: stanza.MustJID("a@b")})
		}
		return err
	})
	refused(t, db, ErrNotFound, func(tx *Tx) error { return tx.Tombstone(1, theirs, "gone") })
	refused(t, db, ErrNotFound, func(tx *Tx) error { return tx.Tombstone(1, 4711, "gone") })
	update(t, db, func(tx *Tx) error { return tx.Tombstone(1, mine, "gone") })
	page := must[ArchivePage](t)(db.ArchivePage(t.Context(), 2, ArchiveQuery{Max: 9}))
	missed := must[[]Message](t)(db.Missed(t.Context(), 2, 0, 0))
	if page.texts() != "gone" || len(missed) != 1 || missed[0].Body != "gone" {
		t.Errorf("%v %v", page, missed)
	}
	checkMessages(t, db)
}

// TestTrimArchive removes old messages from the archives of one kind; what is
// owed stays owed.
func TestTrimArchive(t *testing.T) {
	db := openTest(t, Options{})
	history(t, db, -7, 3, "a@b")
	var owed []int64
	for i := range 6 {
		update(t, db, func(tx *Tx) error {
			body, err := tx.AddBody(fmt.Sprint(i), "a@b", time.Unix(1e9+int64(i), 0))
			if err != nil {
				return err
			}
			id, err := tx.AddRow(Row{Owner: 1, Body: body, Owed: true, Archived: true,
				Peer: stanza.MustJID("a@b")})
			owed = append(owed, id)
			return err
		})
	}
	update(t, db, func(tx *Tx) error { return tx.TakenUpTo(1, owed[2], owed[1:2]) })
	update(t, db, func(tx *Tx) error { _, err := tx.Taken(1, owed[4]); return err })
	checkMessages(t, db)
	steps := 0
	for next := int64(0); ; steps++ {
		update(t, db, func(tx *Tx) (err error) {
			next, err = tx.TrimArchive(Trim{Before: time.Unix(1e9+5, 0), After: next}, 2)
			return err
		})
		if next == 0 {
			break
		}
	}
	page := must[ArchivePage](t)(db.ArchivePage(t.Context(), 1, ArchiveQuery{Max: 9}))
	if got := page.texts(); got != "5" || steps != 4 {
		t.Errorf("left in the archive: %s after %d steps", got, steps)
	}
	if got := missedIDs(t, db, 1); !slices.Equal(got, []int64{owed[1], owed[3], owed[5]}) {
		t.Errorf("owed: %v of %v", got, owed)
	}
	if page := must[ArchivePage](t)(db.ArchivePage(t.Context(), -7, ArchiveQuery{Max: 9})); page.texts() != "0 1 2" {
		t.Errorf("room: %s", page.texts())
	}
	checkMessages(t, db)
	update(t, db, func(tx *Tx) (err error) {
		more, err := tx.DeleteArchive(-7, 2)
		if !more {
			t.Error("all at once")
		}
		if err == nil {
			more, err = tx.DeleteArchive(-7, 2)
		}
		if more {
			t.Error("no end")
		}
		return err
	})
	if n := number(t, db, `SELECT count(*) FROM message WHERE account = -7`); n != 0 {
		t.Errorf("%d rows left", n)
	}
	checkMessages(t, db)
}

// TestArchiveID: an id is none in another archive, and what is made up is none
// at all.
func TestArchiveID(t *testing.T) {
	dir := t.TempDir()
	db := openIn(t, dir, Options{})
	ids := map[string]bool{}
	for _, owner := range []int64{1, 2, -1} {
		for _, row := range []int64{1, 2, 1 << 40} {
			id := db.ArchiveID(owner, row)
			if got, ok := db.ArchiveRow(owner, id); got != row || !ok || ids[id] {
				t.Errorf("%d %d: %s is %d %v", owner, row, id, got, ok)
			}
			if _, ok := db.ArchiveRow(owner+10, id); ok {
				t.Errorf("%s counts in another archive", id)
			}
			ids[id] = true
		}
	}
	for _, id := range []string{"", "1", db.ArchiveID(1, 0), db.ArchiveID(1, -1), db.ArchiveID(1, 1)[1:],
		db.ArchiveID(1, 1) + "A", strings.Repeat("A", 22), strings.Repeat("_", 22), "ü"} {
		if row, ok := db.ArchiveRow(1, id); ok {
			t.Errorf("%q is %d", id, row)
		}
	}
	id := db.ArchiveID(1, 1)
	closeTest(t, db)
	if got := openIn(t, dir, Options{}).ArchiveID(1, 1); got != id {
		t.Errorf("after a restart %s is %s", id, got)
	}
	if got := openTest(t, Options{}).ArchiveID(1, 1); got == id {
		t.Error("another database gives the same ids")
	}
}

func TestArchivePrefs(t *testing.T) {
	db := openTest(t, Options{})
	want := ArchivePrefs{}
	for _, next := range []ArchivePrefs{
		{Default: "never", Always: []string{"a@b", "c@d/e"}, Never: []string{"x@y"}},
		{Default: "roster", Never: []string{"a@b"}}, {},
	} {
		for _, account := range []int64{1, 2} {
			got := must[ArchivePrefs](t)(db.ArchivePrefs(t.Context(), account))
			if account == 1 && !reflect.DeepEqual(got, want) || account == 2 && got.Default != "" {
				t.Errorf("account %d: %+v, want %+v", account, got, want)
			}
		}
		update(t, db, func(tx *Tx) error { return tx.SetArchivePrefs(1, next) })
		want = next
	}
}

// TestArchivePageSaysWhatIsMissed, below the mark and above it.
func TestArchivePageSaysWhatIsMissed(t *testing.T) {
	db := openTest(t, Options{})
	var ids []int64
	for i := range 8 {
		update(t, db, func(tx *Tx) error {
			body, err := tx.AddBody(fmt.Sprint(i), "a@b", time.Unix(1e9, 0))
			if err != nil {
				return err
			}
			id, err := tx.AddRow(Row{Owner: 1, Body: body, Owed: i != 6, Archived: i != 5,
				Peer: stanza.MustJID("a@b")})
			ids = append(ids, id)
			return err
		})
	}
	update(t, db, func(tx *Tx) error { return tx.TakenUpTo(1, ids[3], ids[1:2]) })
	for want, q := range map[string]ArchiveQuery{
		fmt.Sprint([]int64{ids[1], ids[4], ids[7]}): {Max: 9, Missed: true},
		fmt.Sprint([]int64{ids[4]}):                 {Max: 3, Missed: true, After: ids[2], Before: ids[7]},
		fmt.Sprint([]int64{ids[7]}):                 {Missed: true, IDs: []int64{ids[0], ids[7]}, Max: 9},
		"[]":                                        {Max: 9},
	} {
		page := must[ArchivePage](t)(db.ArchivePage(t.Context(), 1, q))
		if got := fmt.Sprint(page.Missed); got != want {
			t.Errorf("%+v: %s, want %s", q, got, want)
		}
	}
}
