package s2s

import (
	"maps"
	"slices"

	"parley/store"
)

// remove sees to it that there is no row, within a second: a crash before that
// tells somebody of the loss of what has arrived. One that is not written yet
// never is, and who waits for it is appended to told. The lock is held.
func (u *Unconfirmed) remove(told []func(), id int64) []func() {
	if o, ok := u.pending[id]; ok {
		delete(u.pending, id)
		return append(told, o.written)
	}
	u.gone = append(u.gone, id)
	u.flush()
	return told
}

// tell calls those who wait for rows, without the lock.
func tell(told []func()) {
	for _, fn := range told {
		fn()
	}
}

// flush has the rows written and removed that are to be by then: within a
// second, or when somebody waits. The lock is held.
func (u *Unconfirmed) flush() {
	if u.flushing {
		return
	}
	u.flushing = true
	f := &flush{rows: u}
	u.router.Store.WriteLater(f.write, f.done)
}

// hurry says that somebody waits for the rows that are not written.
func (u *Unconfirmed) hurry() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.flushing && !u.hurried {
		u.hurried = true
		u.router.Store.Write(nil, nil) // takes along what is before it
	}
}

// flush is one function of the store's writer.
type flush struct {
	rows  *Unconfirmed
	taken bool
	add   map[int64]pending
	gone  []int64
}

// write writes and removes rows. It may run twice.
func (f *flush) write(tx *store.Tx) error {
	f.take()
	ids := slices.Sorted(maps.Keys(f.add))
	for _, id := range ids {
		o := f.add[id]
		err := tx.AddOutbound(&store.Outbound{ID: id, Account: o.packet.Sender.Account.ID,
			Stamp: o.stamp, Stanza: outText(o.packet)})
		if err != nil {
			return err
		}
	}
	if err := tx.DeleteOutbound(f.gone); err != nil {
		return err
	}
	for _, id := range ids {
		f.add[id].packet.Counted(tx)
	}
	return nil
}

// take takes over what is to be done, once.
func (f *flush) take() {
	if f.taken {
		return
	}
	u := f.rows
	u.mu.Lock()
	defer u.mu.Unlock()
	f.add, u.pending = u.pending, map[int64]pending{}
	f.gone, u.gone = u.gone, nil
	f.taken, u.flushing, u.hurried = true, false, false
}

// done is told what became of it. Where the disk is full, a loss would not be
// known after a crash: that is no reason to hold up who sends.
func (f *flush) done(err error) {
	if err != nil {
		f.rows.log.Error("write unconfirmed", "rows", len(f.add), "err", err)
	}
	f.take() // the store was closed before
	for _, o := range f.add {
		o.written()
	}
}
