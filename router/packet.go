package router

import (
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
	ToBare                      // an account of ours by bare JID, or by a full JID without that session
	ToDomain                    // a host of ours itself, or an address at a host without accounts
	ToNobody                    // an address at a host of ours with no such account
	ToRemote                    // another domain
)

// Packet is a stanza on its way: whence, whither, and the edits each side
// makes. Fields are set by the router; modules read them, and change the ones that say so.
type Packet struct {
	Stanza *stanza.Stanza
	Origin Origin
	Sender *Session   // Origin Local
	From   stanza.JID // who sent it: the full JID of the session, never what the client claimed
	To     stanza.JID // the address, the sender's bare JID where an iq or message had none; zero for a broadcast

	Kind    TargetKind
	Targets []*Session // who is going to get the original, as resolved before the stages
	Dest    *Host      // the host of To, nil if ToRemote
	Peer    *Account   // the receiving account, nil if there is none

	Side    Side     // while a stage runs
	Account *Account // of that side

	// Edits of the sending side are made before those of the receiving side.
	// Record may add to both; from and to are the router's.
	Edits stanza.Edits

	// Owed is set by the record stage for a message that must not be lost
	// with the queue it waits in (see Host.OnLost).
	Owed bool

	// Outcome is filled in before After.
	Outcome Outcome

	// unexported: replies, writes, committed callbacks, line state
}

// Outcome tells After who took a packet.
type Outcome struct {
	Sessions int  // live sessions it was queued for
	Stored   bool // a row was written for the receiver
}

// Write adds a function to the packet's transaction. All functions of a packet
// (both sides) are one unit: if one fails, none happened, and a *stanza.Error
// it returned goes to the sender. What follows the stage waits for the commit.
func (p *Packet) Write(fn func(tx *store.Tx) error) { panic("todo") }

// Committed adds a function that runs when the packet's writes are committed,
// in the order of commits over all packets: caches change there, pushes are
// sent there. It must not block. Without writes it runs when the stage ends.
func (p *Packet) Committed(fn func()) { panic("todo") }

// Reply sends a stanza back to the sender when the packet is finished (after
// the commit, in the order of the stream). It is impossible, and ignored, for
// packets that are errors or results.
func (p *Packet) Reply(st *stanza.Stanza) { panic("todo") }

// Result replies to an iq with a result; payload is XML or "".
func (p *Packet) Result(payload string) { p.Reply(p.Stanza.Result(payload)) }

// Stop, called from a Write function, ends the packet after the commit without
// an error: nothing is delivered.
func (p *Packet) Stop() { panic("todo") }

// Payload is the iq's payload as a tree.
func (p *Packet) Payload() *stanza.Element { panic("todo") }
