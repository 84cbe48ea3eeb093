package muc

import (
	"context"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"parley/router"
	"parley/stanza"
	"parley/store"
)

const nsDelay = "urn:xmpp:delay" // XEP-0203

// past is a message of the room's history, as everybody got it.
type past struct {
	id    string         // as the room gave it (XEP-0359)
	st    *stanza.Stanza // from the occupant, with its ids, without to
	stamp time.Time
	// brought says that an owner has said it as part of an earlier conversation,
	// with the time that it was said there.
	brought bool
}

// delayed is the message as newcomers get it (XEP-0045 section 7.2.13, Discussion
// History). What was brought along keeps its own time (section 7.9, Converting a
// One-to-One Chat Into a Multi-User Conference).
func (h *past) delayed(r *Room) *stanza.Stanza {
	if h.brought {
		return h.st
	}
	var e stanza.Edits
	e.Last(delay(r.jid, h.stamp))
	return stanza.MustParse(string(h.st.Append(nil, &e, stanza.Out{})))
}

// delay says when something was said in the room (XEP-0203 section 2, Protocol Definition).
func delay(room stanza.JID, stamp time.Time) string {
	var b stanza.Builder
	return b.Start("delay", nsDelay, "from", room.String(),
		"stamp", dateTime(stamp)).End().String()
}

// dateTime is a time as the protocol writes it (XEP-0082 section 3.2, DateTime).
func dateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// brings says whether a message is part of an earlier conversation: those who do
// not own the room could say anything of its time.
func (r *Room) brings(st *stanza.Stanza, from stanza.JID) bool {
	return st.Has(nsDelay, "delay") && r.affiliation(from) == Owner
}

// hold adds a message to the history. The lock is held.
func (r *Room) hold(h *past) {
	most := r.service.policy().History
	r.recent = append(r.recent, h) // those who read it have a shorter slice
	r.recent = r.recent[max(0, len(r.recent)-most):]
}

// historyFor is what a newcomer gets of it: at most what the room is configured
// to give, and what the client wishes (XEP-0045 section 7.2.14, Managing
// Discussion History). The function it returns takes the room's lock.
func (r *Room) historyFor(p *router.Packet) func() []*past {
	var wish *stanza.Element
	if c, ok := p.Stanza.Child(nsMUC, "x"); ok {
		wish = p.Stanza.Element(c).Child("", "history")
	}
	return func() []*past {
		r.mu.Lock()
		list := r.recent
		list = list[max(0, len(list)-r.config.History):]
		r.mu.Unlock()
		if wish == nil {
			return list
		}
		return r.wished(list, wish, p.From)
	}
}

// wished is the part of the history that a client asks for.
func (r *Room) wished(list []*past, h *stanza.Element, to stanza.JID) []*past {
	if n, ok := number(h, "maxstanzas"); ok {
		list = list[max(0, len(list)-n):]
	}
	list = since(list, h)
	if n, ok := number(h, "maxchars"); ok {
		list = fitting(r, list, n, to)
	}
	return list
}

// number is an attribute that limits the history; ok is false if it is absent or
// no number.
func number(h *stanza.Element, name string) (n int, ok bool) {
	n, err := strconv.Atoi(h.Attr(name))
	return n, err == nil && n >= 0
}

// since leaves what is not older than seconds and since allow.
func since(list []*past, h *stanza.Element) []*past {
	var from time.Time
	if n, ok := number(h, "seconds"); ok {
		from = time.Now().Add(-time.Duration(min(n, 1<<31)) * time.Second)
	}
	if t, err := time.Parse(time.RFC3339, h.Attr("since")); err == nil && t.After(from) {
		from = t
	}
	for len(list) > 0 && list[0].stamp.Before(from) {
		list = list[1:]
	}
	return list
}

// fitting leaves the last messages that are, as whole stanzas, not longer than
// that many characters.
func fitting(r *Room, list []*past, chars int, to stanza.JID) []*past {
	var e stanza.Edits
	e.Set("to", to.String())
	for i := len(list) - 1; i >= 0; i-- {
		text := list[i].delayed(r).Append(nil, &e, stanza.Out{})
		if chars -= utf8.RuneCount(text); chars < 0 {
			return list[i+1:]
		}
	}
	return list
}

// remember fills the history of a room that is read from the store.
func (r *Room) remember(ctx context.Context) error {
	most := r.service.policy().History
	// Not all that is archived is history: subjects are not.
	page, err := r.service.db.ArchivePage(ctx, r.owner(),
		store.ArchiveQuery{Backward: true, Max: 2 * most})
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	for _, m := range page.Messages {
		st, err := stanza.Parse(m.Body)
		if err != nil {
			return fmt.Errorf("read history: %w", err)
		}
		if !historic(st) {
			continue
		}
		from, err := stanza.ParseJID(m.From)
		if err != nil {
			return fmt.Errorf("read history: %w", err)
		}
		u := utterance{st: st, by: from, id: r.service.db.ArchiveID(r.owner(), m.ID)}
		r.hold(&past{u.id, u.text(r), m.Stamp, r.brings(st, from)})
	}
	return nil
}
