package muc

import (
	"strconv"

	"parley/stanza"
)

// changed is the message that says what of the room's configuration has changed
// (XEP-0045 section 10.2.1, Notification of Configuration Changes).
func (r *Room) changed(codes ...int) *stanza.Stanza {
	var b stanza.Builder
	b.Start("message", "", "from", r.jid.String(), "type", "groupchat").Start("x", nsUser)
	for _, c := range codes {
		b.Start("status", "", "code", strconv.Itoa(c)).End()
	}
	return b.End().End().Stanza()
}
