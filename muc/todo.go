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

func (r *Room) ask(context.Context, *router.Packet) error { return stanza.ServiceUnavailable }
