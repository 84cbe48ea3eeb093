package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

// isSubject says whether a message changes the subject: it has one, and no body
// and no thread (XEP-0045 section 8.1, Modifying the Room Subject).
func isSubject(st *stanza.Stanza) bool {
	return st.Has("", "subject") && !st.Has("", "body") && !st.Has("", "thread")
}

// setSubject changes the subject (XEP-0045 section 8.1, Modifying the Room
// Subject). The lock is held. What newcomers get is changed when the message
// goes out, so that nobody gets the subject twice, or not at all.
func (r *Room) setSubject(ctx context.Context, p *router.Packet, o *occupant) error {
	if o.role != Moderator && !(r.config.ChangeSubject && o.role == Participant) {
		return stanza.Forbidden
	}
	u := r.utterance(p, o)
	to := r.viewers()
	var subject *stanza.Stanza
	save := func(tx *store.Tx) error {
		subject = u.dated(r)
		return tx.SetRoomSubject(r.row.Load(), subject.Raw)
	}
	send := func(ctx context.Context) {
		r.mu.Lock()
		r.subject = subject
		r.mu.Unlock()
		r.sendAll(ctx, u.text(r), to)
	}
	if r.keeps(p.Stanza).archive {
		r.archive(ctx, p, u, save, send)
	} else {
		r.store(ctx, p, save, send)
	}
	return nil
}

// dated is the message as newcomers get it: from its author, and with its time
// (XEP-0045 section 7.2.15, Room Subject).
func (u *utterance) dated(r *Room) *stanza.Stanza {
	d := *u
	d.edits.Last(delay(r.jid, u.stamp))
	return d.text(r)
}

// currentSubject is the message that tells a newcomer of the subject, also that
// there is none (XEP-0045 section 7.2.15, Room Subject). It takes the lock.
func (r *Room) currentSubject() *stanza.Stanza {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.subject != nil {
		return r.subject
	}
	var b stanza.Builder
	return b.Start("message", "", "from", r.jid.String(), "type", "groupchat").
		Start("subject", "").End().End().Stanza()
}
