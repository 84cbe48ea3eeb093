package server

import (
	"parley/archive"
	"parley/muc"
	"parley/presence"
	"parley/router"
	"parley/xep"
)

// modules are the features of a domain with accounts. Within each stage they
// run in this order; "parley pipeline" prints it.
func (s *Server) modules() []router.Module {
	contacts := contacts{s.roster}
	offline := archive.New(contacts)
	nodes := map[string]xep.DiscoNode{archive.NodeOffline: offline}
	admin := &xep.Admin{Router: s.router, Passwords: passwords{s.router.Config}, Shutdown: s.shutdown}
	commands := xep.NewCommands(admin.Allowed, admin.Commands()...)
	for _, node := range commands.Nodes() {
		nodes[node] = commands
	}
	list := []router.Module{
		xep.NewBlocking(contacts),
		xep.NewStrangers(contacts),
		s.roster,
		new(muc.SelfPing),
		presence.New(s.router, s.roster),
		offline,
		s.pubsub,
		xep.NewDisco(contacts, nodes).With(s.pubsub),
		new(xep.Carbons),
		new(xep.Push),
		tokens{s.router},
		xep.State{},
		xep.Contact{},
		xep.Ping{},
		xep.Version{Name: "Parley", Version: Version},
		xep.Time{},
		xep.NewLast(contacts, s.started),
		xep.NewPrivate(s.pubsub),
		xep.NewVCard(s.pubsub),
		s.sign,
		muc.Former{Rooms: func() []*muc.Service { return s.rooms }},
		commands,
		s.rows, // behind those that change what goes out
	}
	if s.files != nil {
		list = append(list, s.files)
	}
	return list
}

// pubsubModules are the features of a pubsub service host.
func (s *Server) pubsubModules() []router.Module {
	return []router.Module{
		s.pubsub,
		xep.NewDisco(contacts{s.roster}, nil).With(s.pubsub),
		xep.Ping{},
		xep.Version{Name: "Parley", Version: Version},
		xep.Time{},
	}
}
