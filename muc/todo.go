package muc

import (
	"context"

	"parley/router"
	"parley/stanza"
)

func (m *Service) otherPresence(context.Context, *router.Packet) error { return router.Handled }

func (r *Room) private(context.Context, *router.Packet) error { return stanza.ServiceUnavailable }

func (r *Room) mediated(context.Context, *router.Packet) error { return stanza.ServiceUnavailable }

func (r *Room) askOccupant(context.Context, *router.Packet) error { return stanza.ServiceUnavailable }

// submitted takes a form in a message to the room (voice requests and their
// approval). The lock is held.
func (r *Room) submitted(context.Context, *router.Packet) error { return stanza.BadRequest }
