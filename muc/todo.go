package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
)

// submitted takes a form in a message to the room (voice requests and their
// approval). The lock is held.
func (r *Room) submitted(context.Context, *router.Packet) error { return stanza.BadRequest }
