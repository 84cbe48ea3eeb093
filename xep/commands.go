package xep

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
)

const nsCommands = "http://jabber.org/protocol/commands"

// Command is one ad-hoc command: at most one form, then it is done.
type Command struct {
	Node, Name string
	// Form is what is to be filled in first; nil: nothing.
	Form func() string
	// Run does it. The text is a note, payload a form of type result; either
	// may be "".
	Run func(ctx context.Context, p *router.Packet, values form.Values) (note, payload string, err error)
}

// Commands implements XEP-0050: Ad-Hoc Commands, at hosts, for those who are
// allowed to use them.
type Commands struct {
	allowed  func(p *router.Packet) bool
	list     []Command
	sessions commandSessions
}

var (
	_ router.Module = (*Commands)(nil)
	_ DiscoNode     = (*Commands)(nil)
)

// NewCommands makes the module with its commands, in the order of the list
// that clients see.
func NewCommands(allowed func(p *router.Packet) bool, list ...Command) *Commands {
	return &Commands{allowed: allowed, list: list}
}

// Register implements router.Module.
func (m *Commands) Register(h *router.Host) {
	h.Feature(router.ToHost, nsCommands)
	h.HandleIQ("set", nsCommands, "command", router.ToHost, m.execute)
}

// Nodes are the discovery nodes that the module answers for: the list and each
// command.
func (m *Commands) Nodes() []string {
	nodes := []string{nsCommands}
	for _, c := range m.list {
		nodes = append(nodes, c.Node)
	}
	return nodes
}

// find is the command of a node, nil if there is none.
func (m *Commands) find(node string) *Command {
	for n := range m.list {
		if m.list[n].Node == node {
			return &m.list[n]
		}
	}
	return nil
}

// DiscoInfo says what the list and each command are (XEP-0050 section 2.2,
// Retrieving the Command List).
func (m *Commands) DiscoInfo(_ context.Context, p *router.Packet) (string, error) {
	if p.Account != nil {
		return "", stanza.ItemNotFound // accounts have no commands
	}
	node := p.Payload().Attr("node")
	typ, name := "command-list", "Commands"
	if c := m.find(node); c != nil {
		if !m.allowed(p) {
			return "", stanza.Forbidden
		}
		typ, name = "command-node", c.Name
	}
	var b stanza.Builder
	b.Start("query", nsDiscoInfo, "node", node)
	b.Start("identity", "", "category", "automation", "type", typ, "name", name).End()
	b.Start("feature", "", "var", nsCommands).End().Start("feature", "", "var", form.NS).End()
	return b.End().String(), nil
}

// DiscoItems lists the commands that the asker may use (XEP-0050 section 2.2,
// Retrieving the Command List).
func (m *Commands) DiscoItems(_ context.Context, p *router.Packet) (string, error) {
	if p.Account != nil {
		return "", stanza.ItemNotFound // accounts have no commands
	}
	node := p.Payload().Attr("node")
	var b stanza.Builder
	b.Start("query", nsDiscoItems, "node", node)
	if node == nsCommands && m.allowed(p) {
		for _, c := range m.list {
			b.Start("item", "", "jid", p.Dest.Domain, "node", c.Node, "name", c.Name).End()
		}
	}
	return b.End().String(), nil
}

// commandError is a condition of XEP-0050 section 4.4, Possible Errors.
func commandError(e *stanza.Error, condition string) error {
	return e.WithApp("<" + condition + " xmlns='" + nsCommands + "'/>")
}

// execute does one step of a command (XEP-0050 section 2.4, Executing Commands).
func (m *Commands) execute(ctx context.Context, p *router.Packet) error {
	request := p.Payload()
	c := m.find(request.Attr("node"))
	switch {
	case c == nil:
		return stanza.ItemNotFound
	case !m.allowed(p):
		return stanza.Forbidden
	}
	id := request.Attr("sessionid")
	if id != "" && !m.sessions.known(id, p.From, c.Node) {
		return commandError(stanza.NotAllowed, "session-expired")
	}
	switch request.Attr("action") {
	case "", "execute", "complete", "next":
		return m.step(ctx, p, c, id, commandForm(request))
	case "cancel":
		if id == "" {
			return commandError(stanza.BadRequest, "bad-sessionid")
		}
		m.sessions.end(id)
		p.Result(commandResult(c.Node, id, "canceled", ""))
		return nil
	case "prev":
		return commandError(stanza.BadRequest, "bad-action")
	}
	return commandError(stanza.BadRequest, "malformed-action")
}

// commandForm is the form that was filled in, nil if there is none: one of type
// cancel is a submitted one too (XEP-0050 section 3.5.1, Use of Data Forms).
func commandForm(request *stanza.Element) form.Values {
	x := request.Child(form.NS, "x")
	if t := x.Attr("type"); t != "submit" && t != "cancel" {
		return nil
	}
	return form.Fields(x)
}

// step asks for the form or runs the command.
func (m *Commands) step(ctx context.Context, p *router.Packet, c *Command, id string, values form.Values) error {
	if c.Form != nil && values == nil {
		if id != "" {
			return commandError(stanza.BadRequest, "bad-payload")
		}
		id, ok := m.sessions.begin(p.From, c.Node)
		if !ok {
			return stanza.ResourceConstraint
		}
		p.Result(commandResult(c.Node, id, "executing",
			`<actions execute='complete'><complete/></actions>`+c.Form()))
		return nil
	}
	if c.Form != nil && id == "" {
		return commandError(stanza.BadRequest, "bad-sessionid")
	}
	note, payload, err := c.Run(ctx, p, values)
	if err != nil {
		return err
	}
	m.sessions.end(id)
	if id == "" {
		id = rand.Text() // section 4.1: a result has one, also when nothing follows
	}
	if note != "" {
		var b stanza.Builder
		payload = b.Elem("note", "", note, "type", "info").String() + payload
	}
	p.Result(commandResult(c.Node, id, "completed", payload))
	return nil
}

func commandResult(node, id, status, payload string) string {
	var b stanza.Builder
	b.Start("command", nsCommands, "node", node, "sessionid", id, "status", status)
	return b.Raw(payload).End().String()
}

// What bounds the sessions of commands (XEP-0050 section 3.3, Session Lifetime).
const (
	maxCommandSessions = 1000
	commandLifetime    = 10 * time.Minute
)

// commandSessions are the commands whose form is being filled in.
type commandSessions struct {
	mu   sync.Mutex
	open map[string]commandSession
}

type commandSession struct {
	who   stanza.JID
	node  string
	until time.Time
}

// begin opens a session; ok is false if there are too many.
func (s *commandSessions) begin(who stanza.JID, node string) (id string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for k, old := range s.open {
		if now.After(old.until) {
			delete(s.open, k)
		}
	}
	if len(s.open) >= maxCommandSessions {
		return "", false
	}
	if s.open == nil {
		s.open = map[string]commandSession{}
	}
	id = rand.Text()
	s.open[id] = commandSession{who.Clone(), node, now.Add(commandLifetime)}
	return id, true
}

// known says whether a session is open for that requester and command.
func (s *commandSessions) known(id string, who stanza.JID, node string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.open[id]
	return ok && c.who == who && c.node == node && time.Now().Before(c.until)
}

func (s *commandSessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
}
