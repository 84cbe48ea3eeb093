package muc

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/imtest"
	"parley/presence"
	"parley/roster"
	"parley/router"
	"parley/stanza"
)

const (
	fuzzHost = "conference.a.lit"
	fuzzRoom = "r@" + fuzzHost
)

// Who plays: ann has two clients.
var (
	fuzzUsers   = [...]string{"ann", "bea", "cat", "dan"}
	fuzzClients = [...]string{"ann/1", "ann/2", "bea/1", "cat/1", "dan/1"}
	fuzzNicks   = [...]string{"alpha", "beta", "gamma", "Alpha", " beta "}
)

// FuzzRoom has five clients of four users send anything to one room. After each
// step what has changed must have been the sender's to change, what everybody
// was sent must add up to the room as it is, and in the end so must the store.
func FuzzRoom(f *testing.F) {
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 45))
		b := make([]byte, 4*(20+seed*4))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		var service *Service
		modules := func(r *router.Router) []router.Module {
			service = New()
			r.AddHost(fuzzHost, false, service)
			contacts := roster.New(r)
			return []router.Module{contacts, presence.New(r, contacts)}
		}
		imtest.Run(t, "[rooms]\nburst = 1000000\n", modules, func(w *imtest.World) {
			g := &game{t: w.T, w: w, service: service, players: map[string]*player{}}
			for _, name := range fuzzClients {
				g.login(name)
			}
			for len(script) >= 4 && !g.t.Failed() {
				g.step([4]byte(script))
				script = script[4:]
			}
			g.stored()
		})
	})
}

// game is one run.
type game struct {
	t       testing.TB
	w       *imtest.World
	service *Service
	players map[string]*player
	log     []string
	thin    bool // presence of some roles is not broadcast
}

// player is a client and what it believes of the room.
type player struct {
	name    string // of the client
	session *router.Session
	jid     stanza.JID
	inside  bool
	nick    string
	view    map[string]string // nickname → affiliation/role
}

func (g *game) login(name string) {
	user, resource, _ := strings.Cut(name, "/")
	s := g.w.Login(name, user+"@a.lit/"+resource)
	g.players[name] = &player{name: name, session: s, jid: s.JID, view: map[string]string{}}
}

// step is one thing that somebody does, chosen by four bytes.
func (g *game) step(b [4]byte) {
	name := fuzzClients[int(b[1])%len(fuzzClients)]
	p := g.players[name]
	before := g.look()
	a := act{kind: moves[int(b[0])%len(moves)], who: p, by: before.rank(p.jid)}
	text := ""
	switch a.kind {
	case "logout":
		g.w.Logout(name)
	case "chorus":
		g.chorus(b[2])
	case "wait":
		time.Sleep(time.Duration(b[2]) * 3 * time.Second)
	default:
		text = a.stanza(b[2], b[3])
		g.w.Send(name, text)
	}
	g.log = append(g.log, fmt.Sprintf("%s %s %s", name, a.kind, text))
	heard := g.read(a)
	after := g.look()
	if a.kind == "logout" {
		g.login(name)
	}
	g.judge(a, before, after, heard)
	g.views(after)
	if g.t.Failed() {
		from := max(0, len(g.log)-12)
		g.t.Logf("the last steps:\n%s", strings.Join(g.log[from:], "\n"))
	}
}

// chorus has all clients speak at once.
func (g *game) chorus(n byte) {
	var all sync.WaitGroup
	for _, name := range fuzzClients {
		st := stanza.MustParse(fmt.Sprintf("<message type='groupchat' to='%s' id='%s-%d'>"+
			"<body>all at once</body></message>", fuzzRoom, name, n))
		all.Go(func() { g.players[name].session.Handle(context.Background(), st) })
	}
	all.Wait()
}

// state is a room as it is, or was.
type state struct {
	exists  bool
	users   map[stanza.JID]user
	config  Config
	subject string
	seats   map[stanza.JID]string // nickname
	roles   map[string]Role       // by nickname
}

// look copies the room.
func (g *game) look() (s state) {
	s = state{users: map[stanza.JID]user{}, seats: map[stanza.JID]string{}, roles: map[string]Role{}}
	g.service.mu.Lock()
	r := g.service.rooms["r"]
	g.service.mu.Unlock()
	if r == nil {
		return s
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.exists, s.config = r.row.Load() != 0, r.config
	for jid, u := range r.users {
		s.users[jid] = u
	}
	if r.subject != nil {
		s.subject = r.subject.Raw
	}
	for jid, seat := range r.seats {
		s.seats[jid] = seat.occupant.nick
	}
	for _, o := range r.order {
		s.roles[o.nick] = o.role
	}
	g.sound(r)
	return s
}

// rank is what somebody may do in the room.
type rank struct {
	affiliation Affiliation
	role        Role
	nick        string
}

// affiliation is that of a user, or of its domain.
func (s state) affiliation(jid stanza.JID) Affiliation {
	if a := s.users[jid.Bare()].affiliation; a != None {
		return a
	}
	return s.users[jid.Host()].affiliation
}

// rank is that of a client: who is a moderator is one with all its clients
// (XEP-0045 section 8, Moderator Use Cases).
func (s state) rank(jid stanza.JID) rank {
	r := rank{affiliation: s.affiliation(jid), nick: s.seats[jid]}
	for other, nick := range s.seats {
		if other.Bare() == jid.Bare() {
			r.role = max(r.role, s.roles[nick])
		}
	}
	return r
}

// sound checks what is true of every room. Its lock is held.
func (g *game) sound(r *Room) {
	owners := 0
	for _, u := range r.users {
		if u.affiliation == Owner {
			owners++
		}
	}
	if owners == 0 && (r.row.Load() != 0 || len(r.seats) > 0) {
		g.t.Error("the room has no owner")
	}
	for _, o := range r.order {
		a := r.affiliation(o.user)
		switch {
		case r.nicks[nickKey(o.nick)] != o || len(o.seats) == 0:
			g.t.Errorf("%s is in the order and has no place", o.nick)
		case a == Outcast:
			g.t.Errorf("%s is banned and inside", o.nick)
		case r.config.MembersOnly && a < Member:
			g.t.Errorf("%s is no member and inside", o.nick)
		case a >= Admin && o.role != Moderator:
			g.t.Errorf("%s is %v and %v", o.nick, a, o.role)
		case o.role == NoRole:
			g.t.Errorf("%s has no role", o.nick)
		}
		for _, s := range o.seats {
			if r.seats[s.jid] != s || s.occupant != o || s.jid.Bare() != o.user {
				g.t.Errorf("the seat of %s is not that of %s", s.jid, o.nick)
			}
		}
	}
	if len(r.nicks) != len(r.order) {
		g.t.Errorf("%d nicknames, %d occupants", len(r.nicks), len(r.order))
	}
}

// stored holds the room against its rows.
func (g *game) stored() {
	g.w.Drop()
	s := g.look()
	row, err := g.w.Store.Room(g.t.Context(), fuzzHost, "r")
	if !s.exists || err != nil {
		if s.exists == (err == nil) {
			return // in both or in none
		}
		if s.exists {
			g.t.Errorf("the room is not stored: %v", err)
		}
		return
	}
	users, err := g.w.Store.RoomUsers(g.t.Context(), row.ID)
	if err != nil {
		g.t.Fatal(err)
	}
	got := map[string]string{}
	for _, u := range users {
		got[u.JID] = fmt.Sprint(Affiliation(u.Affiliation), u.Nick)
	}
	want := map[string]string{}
	for jid, u := range s.users {
		want[jid.String()] = fmt.Sprint(u.affiliation, u.nick)
	}
	if a, b := asJSON(got), asJSON(want); a != b {
		g.t.Errorf("users stored %s, in memory %s", a, b)
	}
	if row.Config != s.config.text() || row.Subject != s.subject {
		g.t.Errorf("stored %s %s, in memory %s %s", row.Config, row.Subject, s.config.text(), s.subject)
	}
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
