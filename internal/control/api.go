package control

import "time"

// The commands of the server, with the types of their arguments and results.
const (
	CmdStatus   = "status"   // None → Status
	CmdSessions = "sessions" // SessionsArgs → []Session
	CmdKick     = "kick"     // KickArgs → Count
	CmdReload   = "reload"   // None → Reloaded
	CmdAdd      = "user.add"
	CmdPasswd   = "user.passwd"   // both: VerifierArgs → None
	CmdList     = "user.list"     // ListArgs → []User
	CmdDelete   = "user.delete"   // UserArgs → None
	CmdDisable  = "user.disable"  // DisableArgs → None
	CmdServers  = "s2s"           // ServersArgs → []Peer
	CmdProbe    = "s2s.check"     // ProbeArgs → []Step
	CmdRooms    = "rooms"         // RoomsArgs → []Room
	CmdDestroy  = "rooms.destroy" // DestroyArgs → None
)

// None is no arguments, or no result.
type None struct{}

// Count is how many were concerned.
type Count struct {
	Count int `json:"count"`
}

// Status is how the server is doing.
type Status struct {
	Version  string            `json:"version"`
	PID      int               `json:"pid"`
	Started  time.Time         `json:"started"`
	Config   string            `json:"config"` // file
	Domains  []string          `json:"domains"`
	Listen   map[string]string `json:"listen"` // address → what is served there
	Sessions int               `json:"sessions"`
	Accounts int               `json:"accounts"` // -1: not counted
	Servers  int               `json:"servers"`  // streams to and from others
	Notes    []string          `json:"notes"`    // what else an admin should know, a sentence each
}

// SessionsArgs bounds the list of sessions.
type SessionsArgs struct {
	JID string `json:"jid,omitempty"` // of this account or session only
	Max int    `json:"max,omitempty"`
}

// Session is one client that is logged in.
type Session struct {
	JID       string    `json:"jid"`
	Address   string    `json:"address"` // of the network
	Since     time.Time `json:"since"`
	LastSeen  time.Time `json:"last_seen"`
	TLS       string    `json:"tls"` // version and cipher, "" without TLS
	Mechanism string    `json:"mechanism"`
	Available bool      `json:"available"` // has sent initial presence
	Detached  bool      `json:"detached"`  // has lost its connection and may come back
	Priority  int       `json:"priority"`
	Queue     int       `json:"queue"` // bytes waiting to be sent
}

// KickArgs names a session, or an account for all its sessions.
type KickArgs struct {
	JID    string `json:"jid"`
	Reason string `json:"reason,omitempty"`
}

// Reloaded says which keys were applied and which wait for a restart.
type Reloaded struct {
	Applied     []string `json:"applied"`
	NeedRestart []string `json:"need_restart"`
}

// VerifierArgs sets the password of an account. The password itself stays in
// the command line: what comes here are its salted verifiers.
type VerifierArgs struct {
	JID      string `json:"jid"`
	Verifier string `json:"verifier"`
}

// UserArgs names an account.
type UserArgs struct {
	JID string `json:"jid"`
}

// DisableArgs disables or enables an account.
type DisableArgs struct {
	JID      string `json:"jid"`
	Disabled bool   `json:"disabled"`
}

// ListArgs asks for the accounts of a domain behind a name, at most Max.
type ListArgs struct {
	Domain string `json:"domain"`
	After  string `json:"after,omitempty"` // bare JID
	Max    int    `json:"max"`
}

// User is one account.
type User struct {
	JID      string    `json:"jid"`
	Disabled bool      `json:"disabled"`
	Created  time.Time `json:"created"`
}

// ServersArgs bounds the list of other servers.
type ServersArgs struct {
	Domain string `json:"domain,omitempty"` // this one only
}

// Peer is a stream to or from another server, or a domain that cannot be
// reached.
type Peer struct {
	Local       string    `json:"local"`  // domain of ours
	Remote      string    `json:"remote"` // the other one
	Address     string    `json:"address,omitempty"`
	Direction   string    `json:"direction,omitempty"` // who connected: in, out; both: stanzas go both ways
	Proof       string    `json:"proof,omitempty"`     // EXTERNAL, dialback
	TLS         string    `json:"tls,omitempty"`       // version
	Cipher      string    `json:"cipher,omitempty"`
	Since       time.Time `json:"since"`
	Queued      int       `json:"queued"`      // bytes that wait
	Unconfirmed int       `json:"unconfirmed"` // stanzas that the peer has not confirmed
	State       string    `json:"state"`
	Error       string    `json:"error,omitempty"` // why the last try failed
}

// ProbeArgs names the domain whose server is to be tried.
type ProbeArgs struct {
	Domain string `json:"domain"`
}

// Step is one step of trying a server.
type Step struct {
	Name   string `json:"name"`
	Result string `json:"result"`
	OK     bool   `json:"ok"`
	Mend   string `json:"mend,omitempty"` // what to change where it is not
}

// RoomsArgs asks for the rooms of a host, or of all, behind an address, at most Max.
type RoomsArgs struct {
	Host  string `json:"host,omitempty"`
	After string `json:"after,omitempty"` // bare JID
	Max   int    `json:"max"`
}

// Room is one room.
type Room struct {
	JID       string `json:"jid"`
	Name      string `json:"name,omitempty"`
	Public    bool   `json:"public"`    // listed for those who look for one
	Occupants int    `json:"occupants"` // inside now
}

// DestroyArgs names a room, and says why it goes.
type DestroyArgs struct {
	JID    string `json:"jid"`
	Reason string `json:"reason,omitempty"`
}
