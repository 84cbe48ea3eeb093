package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/xmpptest"
)

// Two users on two servers talk; each server proves who it is by its
// certificate (RFC 6120 section 13.7, Certificates).
func TestFederation(t *testing.T) {
	p := startPair(t)
	p.first.account("one.example", "alice")
	p.second.account("two.example", "bob")
	alice, bob := p.first.login("one.example", "alice", "x"), p.second.login("two.example", "bob", "x")
	chats(t, alice, bob)
	chats(t, bob, alice)
	for _, i := range p.first.server.servers.List() {
		t.Logf("%+v", i)
	}
}

// parted are the folders of the scripts that are played a second time with the
// users on two servers.
var parted = []string{"roster", "subscription", "presence", "message"}

// TestConversationsBetweenServers plays scripts with two and more users again,
// with alice on one server and the others on another one.
func TestConversationsBetweenServers(t *testing.T) {
	p := startPair(t)
	n := 0
	for i, s := range scripts(t) {
		if !between(s) {
			continue
		}
		n++
		t.Run(name(s), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			if err := xmpptest.Run(ctx, p, s, fmt.Sprintf("u%d-", i)); err != nil {
				t.Error(err)
			}
		})
	}
	if n < 30 {
		t.Errorf("%d scripts", n)
	}
}

// between says whether a script is played between two servers: alice and
// somebody else take part, it needs no server of its own, and it does not say
// why they must be together.
func between(s *xmpptest.Script) bool {
	folder, _, _ := strings.Cut(name(s), "/")
	users := s.Users()
	return slices.Contains(parted, folder) && len(s.Needs) == 0 && s.Together == "" &&
		len(users) > 1 && slices.Contains(users, "alice")
}
