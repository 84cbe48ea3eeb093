package archive

import (
	"context"
	"time"

	"parley/store"
)

const (
	// trimEvery is how often old messages are removed, trimStep how many are
	// looked at in one transaction, behind which others wait.
	trimEvery = time.Hour
	trimStep  = 500
)

// trim removes from archives what is older than the configuration says
// (XEP-0313 section 3.2, Message retention and deletion). Messages that are
// still owed stay owed.
func (m *Archive) trim(ctx context.Context) {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		days := m.host.Router.Config().Messages.ArchiveDays
		if days == 0 {
			continue
		}
		before := time.Now().AddDate(0, 0, -days)
		for _, rooms := range []bool{false, true} {
			if err := m.trimBefore(ctx, before, rooms); err != nil && ctx.Err() == nil {
				m.log.Error("trim archives", "err", err)
			}
		}
	}
}

// trimBefore removes what was stored before a time.
func (m *Archive) trimBefore(ctx context.Context, before time.Time, rooms bool) error {
	for next := int64(0); ; {
		err := m.db.Update(ctx, func(tx *store.Tx) (err error) {
			next, err = tx.TrimArchive(store.Trim{Rooms: rooms, Before: before, After: next}, trimStep)
			return err
		})
		if err != nil || next == 0 {
			return err
		}
	}
}
