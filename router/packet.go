package router

import (
	"context"
	"sync/atomic"

	"parley/stanza"
	"parley/store"
)

// Origin says where a packet came from.
type Origin uint8

const (
	Local     Origin = iota // a session of ours (Packet.Sender)
	Remote                  // another server
	Component               // an external component
	Server                  // made here: pushes, replies, bounces; never answered with an error
)

// Side says for whose account stages run at the moment.
type Side uint8

const (
	Sending Side = iota
	Receiving
)

// TargetKind is what the router resolved the packet's address to before any
// stage ran.
type TargetKind uint8

const (
	Nowhere   TargetKind = iota // presence without to: broadcast
	ToSession                   // a full JID with a session of ours: Targets has it
	ToBare                      // an account of ours, by bare JID or a full JID that no session has
	ToDomain                    // a host of ours itself, or an address at a host without accounts
	ToNobody                    // an address at a host of ours with no such account
	ToRemote                    // another domain
)

// Packet is a stanza on its way: whence, whither, and the edits each side
// makes. Fields are set by the router; modules read them, and change the ones that say so.
type Packet struct {
	Stanza *stanza.Stanza
	Sender *Session // Origin Local
	Behalf *Session // Origin Server: the session for which it is sent, nil if there is none

	Origin Origin
	Kind   TargetKind
	Side   Side // while a stage runs

	// Owed is set by the record stage for a message that must not be lost
	// with the queue it waits in (see Host.OnLost).
	Owed bool

	way

	// From is who sent it: the full JID of the session, never what the client
	// claimed; the bare JID for the presence stanzas that manage subscriptions
	// (RFC 6121 section 3.1.2, Server Processing of Outbound Subscription Request).
	From stanza.JID
	// To is the address, the sender's bare JID where an iq or message had
	// none; zero for a broadcast.
	To stanza.JID

	// Targets are who is going to get the original, as resolved before the
	// stages. While the packet waits for its commit one may end (Send is then
	// false), and one that begins is not among them.
	Targets []*Session
	Dest    *Host    // the host of To, nil if ToRemote
	Peer    *Account // the receiving account, nil if there is none
	Account *Account // of the side whose stage runs

	// Edits of the sending side are made before those of the receiving side.
	// Record may add to both; from and to are the router's.
	Edits stanza.Edits

	// Row is the receiver's row that holds the message, 0 for none. Who
	// stores it sets it.
	Row int64

	// Outcome is filled in before After: Sessions by the router, Stored by
	// the module that wrote the row.
	Outcome Outcome

	owing  atomic.Int32 // of an owed packet: queues that hold it, 1 while it is on its way, taken
	behalf *Account     // of what the server sends for an account: who may refuse it first
	line   *Line
	spread *Spread // nil for most
	next   *Packet // behind it in the line
	extra  *extra  // see more
	room   [2]*Session
}

// taken is in Packet.owing when a client has the packet.
const taken = 1 << 30

// way is where a packet is in its line and its stages.
type way struct {
	stage   Stage  // the next to run
	waiting bool   // for a commit; guarded by line.mu
	stopped bool   // it ends here: without an error if extra.err is nil
	held    bool   // owing counts the way
	ignored bool   // there is no receiving side
	late    bool   // Late was called; guarded by line.mu
	place   uint32 // in its line: how many were put in before it
}

// extra is what few packets have. It is kept apart so that the others, of which
// there is one for every message, are small.
type extra struct {
	refusal error  // what the routing rules say behind the refuse stage
	err     error  // why it ends
	by      string // the handler that ended it, for the log
	id      string // of a request of ours, in place of the stanza's

	writes    []func(tx *store.Tx) error
	committed []func()
	failed    []func()
	then      []func(ctx context.Context)
	replies   []*stanza.Stanza
	payload   *stanza.Element
	stored    stored

	// Room for what a message that is stored has, used once.
	writeRoom     [1]func(tx *store.Tx) error
	committedRoom [1]func()
}

// none is the extra of a packet that has none; nothing is ever written to it.
var none extra

// seen is the packet's extra, to read.
func (p *Packet) seen() *extra {
	if p.extra == nil {
		return &none
	}
	return p.extra
}

// more is the packet's extra, to write.
func (p *Packet) more() *extra {
	if p.extra == nil {
		p.extra = new(extra)
	}
	return p.extra
}

// fails ends the packet with an error.
func (p *Packet) fails(err error) {
	p.stopped = true
	p.more().err = err
}

// Outcome tells After who took a packet.
type Outcome struct {
	Sessions int16 // live sessions it was queued for
	Stored   bool  // a row was written for the receiver
}

// Write adds a function to the packet's transaction. All functions of a packet
// (both sides) are one unit: if one fails, none happened, and a *stanza.Error
// it returned goes to the sender. What follows the stage waits for the commit.
//
// fn may run twice (see store.DB.Write); what an earlier run replied is dropped.
func (p *Packet) Write(fn func(tx *store.Tx) error) {
	x := p.more()
	if x.writes == nil && x.writeRoom[0] == nil {
		x.writes = x.writeRoom[:0]
	}
	x.writes = append(x.writes, fn)
}

// Committed adds a function that runs when the packet's writes are committed,
// in the order of commits over all packets: caches change there, pushes are
// sent there (Session.Push, not Router.Route). It must not block. Without
// writes it runs when the stage ends.
func (p *Packet) Committed(fn func()) {
	x := p.more()
	if x.committed == nil && x.committedRoom[0] == nil {
		x.committed = x.committedRoom[:0]
	}
	x.committed = append(x.committed, fn)
}

// Failed adds a function that runs when the packet's writes have failed, instead
// of those of Committed and under the same rules. If the record stage ends with
// an error behind it, it runs too.
func (p *Packet) Failed(fn func()) {
	x := p.more()
	x.failed = append(x.failed, fn)
}

// Then adds a function that runs behind the commit and before the next stage,
// in the order of the stream: what is routed because of the writes
// (Router.Route), and before the packet itself goes on. Without writes it runs
// when the stage ends.
func (p *Packet) Then(fn func(ctx context.Context)) {
	x := p.more()
	x.then = append(x.then, fn)
}

// Reply sends a stanza back to the sender when the packet is finished (after
// the commit, in the order of the stream). Its to is the sender and its from,
// if it has none, the address asked. It is impossible, and ignored, for
// packets that are errors or results.
func (p *Packet) Reply(st *stanza.Stanza) {
	if !p.answers() {
		x := p.more()
		x.replies = append(x.replies, st)
	}
}

// Result replies to an iq with a result; payload is XML or "".
func (p *Packet) Result(payload string) { p.Reply(p.Stanza.Result(payload)) }

// Stop, called from a Write function, ends the packet after the commit without
// an error: nothing is delivered.
func (p *Packet) Stop() { p.stopped = true }

// Payload is the iq's payload as a tree, nil if there is none.
func (p *Packet) Payload() *stanza.Element {
	x := p.more()
	if x.payload == nil {
		if c, ok := p.Stanza.Payload(); ok {
			x.payload = p.Stanza.Element(c)
		}
	}
	return x.payload
}

// MessageType is the message's type; what is absent or unknown is "normal"
// (RFC 6121 section 5.2.2, Type Attribute).
func (p *Packet) MessageType() string {
	switch t := p.Stanza.Type; t {
	case "chat", "error", "groupchat", "headline":
		return t
	}
	return "normal"
}

// isError says whether the stanza is of type error.
func (p *Packet) isError() bool { return p.Stanza.Type == "error" }

// answers says whether the stanza is an error or an iq result, which nobody
// answers (RFC 6120 section 8.3.1, Rules).
func (p *Packet) answers() bool {
	return p.isError() || p.Stanza.Kind == stanza.IQ && p.Stanza.Type == "result"
}

// request says whether the stanza is an iq of type get or set.
func (p *Packet) request() bool {
	return p.Stanza.Kind == stanza.IQ && (p.Stanza.Type == "get" || p.Stanza.Type == "set")
}

// sending is the sending side's account, nil if that is not ours.
func (p *Packet) sending() *Account {
	if p.Sender == nil {
		return nil
	}
	return p.Sender.Account
}

// self says whether sender and receiver are the same account.
func (p *Packet) self() bool { return p.Sender != nil && p.Sender.Account == p.Peer }

// receives says whether the stages run for a receiving side.
func (p *Packet) receives() bool {
	return !p.ignored && (p.Peer != nil || p.Dest != nil && !p.Dest.Accounts)
}
