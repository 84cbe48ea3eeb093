package store

import (
	"database/sql"
	"errors"
	"slices"
)

const (
	// highestOwed is the highest id owed to account ?1.
	highestOwed = `SELECT id FROM message WHERE account = ?1 AND owed = 1
		ORDER BY id DESC LIMIT 1`
	// takeUpTo removes the rows of account ?1 that nothing needs when its mark
	// moves from ?2 to ?3.
	takeUpTo = `DELETE FROM message
		WHERE account = ?1 AND owed = 1 AND archived = 0 AND id > ?2 AND id <= ?3
		AND NOT EXISTS (SELECT 1 FROM message_exception e
			WHERE e.account = ?1 AND e.id = message.id)
		RETURNING body`
)

// TakenUpTo moves the account's mark: what is owed with ids up to id was
// taken, but for the ids in except. Rows that nothing needs any more go.
func (tx *Tx) TakenUpTo(account, id int64, except []int64) error {
	return wrap("move mark", tx.takenUpTo(account, id, except))
}

func (tx *Tx) takenUpTo(account, id int64, except []int64) error {
	last, mark, err := tx.marks(account)
	if err != nil || last == 0 {
		return err
	}
	id = min(id, last) // a mark in the future would take what is not there yet
	delete(tx.w.counts, account)

	// 1. What was missed below the mark until now.
	below, err := tx.missedBelow(account, id)
	if err != nil {
		return err
	}
	for _, old := range below {
		if !slices.Contains(except, old) {
			if _, err := tx.take(account, old); err != nil {
				return err
			}
		}
	}
	if id <= mark {
		return nil
	}
	return tx.move(account, mark, id, except)
}

// move moves the mark up: what is owed with ids behind it was taken, but for
// stay. Exceptions of the other kind were taken already, and stay so.
func (tx *Tx) move(account, from, to int64, stay []int64) error {
	for _, id := range stay {
		err := tx.do(`INSERT INTO message_exception (account, id, missed)
			SELECT account, id, 1 FROM message
			WHERE id = ?2 AND account = ?1 AND owed = 1 AND id > ?3 AND id <= ?4
			ON CONFLICT DO NOTHING`, account, id, from, to)
		if err != nil {
			return err
		}
	}
	return tx.advance(account, from, to)
}

// advance moves the mark and removes what nothing needs below it.
func (tx *Tx) advance(account, from, to int64) error {
	err := tx.do(`DELETE FROM message_exception
		WHERE account = ?1 AND id > ?2 AND id <= ?3 AND missed = 0`, account, from, to)
	if err != nil {
		return err
	}
	bodies, err := tx.ids(takeUpTo, account, from, to)
	if err != nil {
		return err
	}
	if err := tx.dropBodies(bodies); err != nil {
		return err
	}
	return tx.do(`INSERT INTO message_mark (account, upto) VALUES (?1, ?2)
		ON CONFLICT (account) DO UPDATE SET upto = excluded.upto`, account, to)
}

// marks are the highest id owed to the account, 0 for none, and its mark.
func (tx *Tx) marks(account int64) (last, mark int64, err error) {
	err = tx.row(`SELECT coalesce((`+highestOwed+`), 0), coalesce((
			SELECT upto FROM message_mark WHERE account = ?1), 0)`,
		args(account), &last, &mark)
	return last, mark, err
}

func (tx *Tx) missedBelow(account, id int64) (ids []int64, err error) {
	err = tx.each(`SELECT id FROM message_exception
		WHERE account = ?1 AND id <= ?2 AND missed = 1`, args(account, id),
		func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// Taken says that these messages were taken; unknown ids do not matter.
// It returns how many were owed until now.
//
// Where that leaves little behind, it moves the mark, so that a busy account
// costs one row for many messages.
func (tx *Tx) Taken(account int64, ids ...int64) (n int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	last, mark, err := tx.marks(account)
	if err != nil || last == 0 {
		return 0, wrap("take messages", err)
	}
	ids = slices.Sorted(slices.Values(ids))
	below, _ := slices.BinarySearch(ids, mark+1)
	n, err = tx.takeEach(account, ids[:below])
	if err == nil && below < len(ids) {
		var above int
		above, err = tx.takenAbove(account, mark, ids[below:])
		n += above
	}
	if err == nil {
		tx.addCount(account, -n)
	}
	return n, wrap("take messages", err)
}

// takeEach takes messages one by one.
func (tx *Tx) takeEach(account int64, ids []int64) (n int, err error) {
	for _, id := range ids {
		was, err := tx.take(account, id)
		if err != nil {
			return n, err
		}
		n += int(bit(was, 1))
	}
	return n, nil
}

// fewBehind is how many messages may stay missed when the mark passes them,
// besides two for each that was taken.
const fewBehind = 16

// takenAbove says that messages above the mark were taken.
func (tx *Tx) takenAbove(account, mark int64, ids []int64) (n int, err error) {
	to := ids[len(ids)-1]
	most := 2*len(ids) + fewBehind
	open, err := tx.open(account, mark, to, most)
	if err != nil {
		return 0, err
	}
	if len(open) == most {
		return tx.takeEach(account, ids)
	}
	stay := slices.DeleteFunc(slices.Clone(open), func(id int64) bool {
		_, ok := slices.BinarySearch(ids, id)
		return ok
	})
	if len(open) == len(stay) {
		return 0, nil
	}
	to = min(to, open[len(open)-1])
	return len(open) - len(stay), tx.move(account, mark, to, stay)
}

// open lists what is missed above the mark up to an id, at most n.
func (tx *Tx) open(account, mark, to int64, n int) (ids []int64, err error) {
	err = tx.each(`SELECT id FROM message m WHERE account = ?1 AND owed = 1 AND id > ?2 AND id <= ?3
		AND NOT EXISTS (SELECT 1 FROM message_exception e
			WHERE e.account = ?1 AND e.id = m.id AND e.missed = 0)
		ORDER BY id LIMIT ?4 + 0`, args(account, mark, to, n), func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// take says that one message was taken, and whether it was missed until now.
func (tx *Tx) take(account, id int64) (was bool, err error) {
	var archived, above bool
	var body int64
	err = tx.row(`SELECT archived, body, id > coalesce((
			SELECT upto FROM message_mark WHERE account = ?1), 0)
		FROM message WHERE id = ?2 AND account = ?1 AND owed = 1`,
		args(account, id), &archived, &body, &above)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case archived || !above:
		was, err = tx.except(account, id, above)
		if err != nil || !was || archived {
			return was, err
		}
	}
	return true, tx.dropMessage(id, body)
}

// except changes the exceptions so that the message is not missed, and says
// whether that changed anything.
func (tx *Tx) except(account, id int64, above bool) (changed bool, err error) {
	query := `DELETE FROM message_exception WHERE account = ?1 AND id = ?2 AND missed = 1`
	if above {
		query = `INSERT INTO message_exception (account, id, missed) VALUES (?1, ?2, 0)
			ON CONFLICT DO NOTHING`
	}
	n, err := tx.exec(query, account, id)
	return n > 0, err
}

// dropMessage removes a row that is neither missed nor archived. It has no
// exception: above the mark only what is archived has one.
func (tx *Tx) dropMessage(id, body int64) error {
	if err := tx.do(`DELETE FROM message WHERE id = ?1`, id); err != nil {
		return err
	}
	return tx.dropBodies([]int64{body})
}
