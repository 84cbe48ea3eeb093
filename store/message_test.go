package store

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// checkMessages holds what must be true of the message tables at any time.
func checkMessages(t testing.TB, db *DB) {
	t.Helper()
	for rule, query := range map[string]string{
		"a body that no row points to": `SELECT count(*) FROM body
			WHERE id NOT IN (SELECT body FROM message)`,
		"a row without body": `SELECT count(*) FROM message WHERE body NOT IN (SELECT id FROM body)`,
		"an exception for no owed row": `SELECT count(*) FROM message_exception e WHERE NOT EXISTS
			(SELECT 1 FROM message m WHERE m.id = e.id AND m.account = e.account AND m.owed = 1)`,
		"an exception that says what the mark says": `SELECT count(*) FROM message_exception e
			WHERE (e.missed = 1) <> (e.id <= coalesce(
				(SELECT upto FROM message_mark m WHERE m.account = e.account), 0))`,
		"a row that is neither archived nor missed": `SELECT count(*) FROM message m
			WHERE archived = 0 AND CASE
				WHEN id <= coalesce((SELECT upto FROM message_mark k WHERE k.account = m.account), 0)
				THEN NOT EXISTS (SELECT 1 FROM message_exception e WHERE e.id = m.id AND e.missed = 1)
				ELSE EXISTS (SELECT 1 FROM message_exception e WHERE e.id = m.id AND e.missed = 0)
			END`,
	} {
		if n := number(t, db, query); n != 0 {
			t.Errorf("%s: %d", rule, n)
		}
	}
}

// add stores one message for the accounts and returns their ids of it.
func add(t testing.TB, db *DB, text string, accounts ...int64) (ids []int64) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		body, err := tx.AddBody(text, "romeo@example.net/orchard", time.Unix(1e9, 0))
		for i := 0; i < len(accounts) && err == nil; i++ {
			var id int64
			id, err = tx.AddMissed(accounts[i], body, 0)
			ids = append(ids, id)
		}
		return err
	})
	return ids
}

// missedIDs are the ids of the account's missed messages.
func missedIDs(t testing.TB, db *DB, account int64) (ids []int64) {
	t.Helper()
	for _, m := range must[[]Message](t)(db.Missed(t.Context(), account, 0, 0)) {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestMissed(t *testing.T) {
	db := openTest(t, Options{})
	stamp := time.Date(2026, 1, 2, 3, 4, 5, 678000, time.FixedZone("", -7200))
	var id int64
	update(t, db, func(tx *Tx) error {
		body, err := tx.AddBody("<message>ü</message>", "romeo@example.net/orchard", stamp)
		if err == nil {
			id, err = tx.AddMissed(1, body, 0)
		}
		list, err2 := tx.Missed(1, 0, 0)
		if len(list) != 1 {
			t.Errorf("inside: %v", list)
		}
		return errors.Join(err, err2)
	})
	list := must[[]Message](t)(db.Missed(t.Context(), 1, 0, 0))
	want := Message{ID: id, Body: "<message>ü</message>", From: "romeo@example.net/orchard", Stamp: stamp.UTC()}
	if len(list) != 1 || list[0] != want {
		t.Errorf("%+v", list)
	}
	if list := must[[]Message](t)(db.Missed(t.Context(), 2, 0, 0)); len(list) > 0 {
		t.Errorf("another account: %v", list)
	}
}

func TestMissedPages(t *testing.T) {
	db := openTest(t, Options{})
	for i := range 10 {
		add(t, db, fmt.Sprint(i), 1, 2)
	}
	ids := missedIDs(t, db, 1)
	update(t, db, func(tx *Tx) error { return tx.TakenUpTo(1, ids[4], []int64{ids[1], ids[3]}) })
	left := append([]int64{ids[1], ids[3]}, ids[5:]...)
	for n := range 9 {
		var got []int64
		for after := int64(0); ; {
			page := must[[]Message](t)(db.Missed(t.Context(), 1, after, n))
			if len(page) == 0 || n > 0 && len(page) > n {
				break
			}
			for _, m := range page {
				got = append(got, m.ID)
			}
			after = got[len(got)-1]
		}
		if !slices.Equal(got, left) {
			t.Errorf("pages of %d: %v, want %v", n, got, left)
		}
	}
}

// TestBodyIsStoredOnce, and goes with the last row.
func TestBodyIsStoredOnce(t *testing.T) {
	db := openTest(t, Options{})
	ids := add(t, db, "x", 1, 2, 3)
	bodies := func() int { return number(t, db, `SELECT count(*) FROM body`) }
	take := func(account int64, id int64) {
		update(t, db, func(tx *Tx) error {
			n, err := tx.Taken(account, id)
			if n != 1 {
				t.Errorf("%d were owed", n)
			}
			return err
		})
	}
	if bodies() != 1 {
		t.Errorf("%d bodies", bodies())
	}
	take(1, ids[0])
	update(t, db, func(tx *Tx) error { return tx.DeleteMessages(2) })
	if bodies() != 1 {
		t.Errorf("%d bodies, one row left", bodies())
	}
	take(3, ids[2])
	if bodies() != 0 {
		t.Errorf("%d bodies, no row left", bodies())
	}
}

func TestBodyForNobodyGoes(t *testing.T) {
	db := openTest(t, Options{})
	update(t, db, func(tx *Tx) error {
		_, err := tx.AddBody("nobody's", "a@b/c", time.Now())
		return err
	})
	update(t, db, func(tx *Tx) error {
		_, err := tx.AddBody("nobody's either", "a@b/c", time.Now())
		return errors.Join(err, storeMessage(tx, 2, 0))
	})
	update(t, db, func(tx *Tx) error {
		body, err := tx.AddBody("x", "a@b/c", time.Now())
		for range 3 {
			if _, err := tx.AddMissed(1, body, 2); err != nil && !errors.Is(err, ErrQuota) {
				return err
			}
		}
		return err
	})
	checkMessages(t, db)
	if n := number(t, db, `SELECT count(*) FROM body`); n != 2 {
		t.Errorf("%d bodies", n)
	}
}

func TestQuota(t *testing.T) {
	db := openTest(t, Options{})
	one := func(account int64) func(*Tx) error {
		return func(tx *Tx) error { return storeMessage(tx, account, 3) }
	}
	add(t, db, "without a quota", 1)
	update(t, db, one(1))
	refused(t, db, errOwn, func(tx *Tx) error { return errors.Join(one(1)(tx), errOwn) })
	update(t, db, one(1)) // the failed one does not count
	refused(t, db, ErrQuota, one(1))
	update(t, db, one(2)) // nor do others' messages
	update(t, db, func(tx *Tx) error {
		ids, err := tx.Missed(1, 0, 2)
		_, err2 := tx.Taken(1, ids[0].ID)
		return errors.Join(err, err2, tx.TakenUpTo(1, ids[1].ID, nil))
	})
	update(t, db, one(1))
	update(t, db, one(1))
	refused(t, db, ErrQuota, one(1))
	update(t, db, func(tx *Tx) error { return tx.DeleteMessages(1) })
	update(t, db, one(1))
	add(t, db, "two", 1)
	add(t, db, "three", 1)
	refused(t, db, ErrQuota, one(1))
	checkMessages(t, db)
}

// TestCountsAreForgotten: the writer knows counts by heart, but not of more
// accounts than it has room for.
func TestCountsAreForgotten(t *testing.T) {
	db := openTest(t, Options{})
	add(t, db, "x", 1)
	update(t, db, func(tx *Tx) error {
		for account := range int64(maxCounts + 10) {
			n, err := tx.MissedCount(account)
			if err != nil || n != int(bit(account == 1, 1)) || len(tx.w.counts) > maxCounts {
				return fmt.Errorf("account %d: %d, %v", account, n, err)
			}
		}
		return nil
	})
}

// TestMarkStaysInThePast: a mark beyond the last message must not take what
// comes later.
func TestMarkStaysInThePast(t *testing.T) {
	db := openTest(t, Options{})
	update(t, db, func(tx *Tx) error { return tx.TakenUpTo(1, math.MaxInt64, nil) })
	add(t, db, "x", 1)
	if n := len(missedIDs(t, db, 1)); n != 1 {
		t.Errorf("%d missed", n)
	}
	update(t, db, func(tx *Tx) error { return tx.TakenUpTo(1, math.MaxInt64, nil) })
	id := add(t, db, "y", 1)[0]
	if got := missedIDs(t, db, 1); !slices.Equal(got, []int64{id}) {
		t.Errorf("missed %v, want %d", got, id)
	}
	update(t, db, func(tx *Tx) error { return tx.TakenUpTo(1, 0, nil) })
	if got := missedIDs(t, db, 1); !slices.Equal(got, []int64{id}) {
		t.Errorf("missed %v, want %d", got, id)
	}
}

// TestExceptionIsTakenLater: a second mark takes what the first one left.
func TestExceptionIsTakenLater(t *testing.T) {
	db := openTest(t, Options{})
	var ids []int64
	for range 5 {
		ids = append(ids, add(t, db, "x", 1)...)
	}
	update(t, db, func(tx *Tx) error { return tx.TakenUpTo(1, ids[4], ids[1:3]) })
	update(t, db, func(tx *Tx) error { return tx.TakenUpTo(1, ids[1], nil) })
	if got := missedIDs(t, db, 1); !slices.Equal(got, ids[2:3]) {
		t.Errorf("missed %v, want %v", got, ids[2:3])
	}
	checkMessages(t, db)
}

// TestMarkPassesExceptions: what was taken one by one above the mark, and is
// kept because it is archived, is no exception when the mark comes to it.
func TestMarkPassesExceptions(t *testing.T) {
	db := openTest(t, Options{})
	first, second := add(t, db, "x", 1)[0], add(t, db, "y", 1)[0]
	archive(t, db, second)
	update(t, db, func(tx *Tx) error {
		_, err := tx.Taken(1, second)
		return err
	})
	if n := number(t, db, `SELECT count(*) FROM message_exception`); n != 1 {
		t.Errorf("%d exceptions", n)
	}
	if got := missedIDs(t, db, 1); !slices.Equal(got, []int64{first}) {
		t.Errorf("missed %v, want %d", got, first)
	}
	update(t, db, func(tx *Tx) error { return tx.TakenUpTo(1, second, []int64{second}) })
	if got := missedIDs(t, db, 1); len(got) != 0 {
		t.Errorf("missed again: %v", got)
	}
	checkMessages(t, db)
}

// model is what the message tables should say of one account.
type model struct {
	ids    []int64 // all that were ever owed
	missed map[int64]bool
}

func (m *model) list() (ids []int64) {
	for _, id := range m.ids {
		if m.missed[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// some picks ids, also unknown ones and ones of other accounts.
func some(r *rand.Rand, last int64) (ids []int64) {
	for range r.IntN(4) {
		ids = append(ids, r.Int64N(last+2))
	}
	return ids
}

// TestMissedAgainstModel runs random events on three accounts, of whose rows
// some are archived, and compares all there is with
// a model that keeps a flag per message.
func TestMissedAgainstModel(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			walk(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func walk(t *testing.T, r *rand.Rand) {
	db := openTest(t, Options{Readers: 1})
	models := make([]model, 3)
	for i := range models {
		models[i].missed = make(map[int64]bool)
	}
	last := int64(0)
	for range 100 {
		n := r.IntN(len(models))
		account, m := int64(n+1), &models[n]
		switch r.IntN(6) {
		case 0, 1:
			for i, id := range add(t, db, "x", 1, 2, 3) {
				models[i].ids = append(models[i].ids, id)
				models[i].missed[id], last = true, id
			}
		case 2:
			archive(t, db, last)
		case 3:
			ids := some(r, last)
			want := 0
			for _, id := range ids {
				want += int(bit(m.missed[id], 1))
				m.missed[id] = false
			}
			update(t, db, func(tx *Tx) error {
				n, err := tx.Taken(account, ids...)
				if n != want {
					t.Errorf("Taken(%v) is %d, want %d", ids, n, want)
				}
				return err
			})
		case 4:
			upto, except := r.Int64N(last+3), some(r, last)
			for _, id := range m.ids {
				if id <= upto && !slices.Contains(except, id) {
					m.missed[id] = false
				}
			}
			update(t, db, func(tx *Tx) error { return tx.TakenUpTo(account, upto, except) })
		case 5:
			update(t, db, func(tx *Tx) error { _, err := tx.DeleteArchive(account, 2); return err })
		}
		checkMessages(t, db)
		for i := range models {
			got, want := missedIDs(t, db, int64(i+1)), models[i].list()
			count := must[int](t)(db.MissedCount(t.Context(), int64(i+1)))
			known := 0
			update(t, db, func(tx *Tx) (err error) { known, err = tx.MissedCount(int64(i + 1)); return err })
			if !slices.Equal(got, want) || count != len(want) || known != count {
				t.Fatalf("account %d: missed %v (%d, %d), want %v", i+1, got, count, known, want)
			}
		}
	}
}

// archive says that the newest message of each account is archived.
func archive(t *testing.T, db *DB, last int64) {
	update(t, db, func(tx *Tx) error {
		return tx.do(`UPDATE message SET archived = 1 WHERE id > ?1`, last-3)
	})
}

// TestTakenAhead: what is taken far above the mark leaves it where it is; what
// is taken near it moves it.
func TestTakenAhead(t *testing.T) {
	db := openTest(t, Options{})
	var ids []int64
	for range 4 * fewBehind {
		ids = append(ids, add(t, db, "x", 1)...)
	}
	update(t, db, func(tx *Tx) error { return tx.do(`UPDATE message SET archived = 1`) })
	mark := func() int {
		return number(t, db, `SELECT coalesce(max(upto), 0) FROM message_mark`)
	}
	take := func(ids ...int64) {
		update(t, db, func(tx *Tx) error { _, err := tx.Taken(1, ids...); return err })
		checkMessages(t, db)
	}
	take(ids[len(ids)-1])
	if mark() != 0 {
		t.Errorf("mark %d", mark())
	}
	take(ids[:20]...)
	if mark() != int(ids[19]) {
		t.Errorf("mark %d, want %d", mark(), ids[19])
	}
	take(ids[25])
	if mark() != int(ids[25]) {
		t.Errorf("mark %d, want %d", mark(), ids[25])
	}
	want := append(slices.Clone(ids[20:25]), ids[26:len(ids)-1]...)
	if got := missedIDs(t, db, 1); !slices.Equal(got, want) {
		t.Errorf("missed %v, want %v", got, want)
	}
}
