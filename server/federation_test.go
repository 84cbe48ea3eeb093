package server

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/control"
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
	list := must[[]control.Peer](t)(call[[]control.Peer](p.first, control.CmdServers,
		control.ServersArgs{Domain: "TWO.example"}))
	if len(list) != 1 {
		t.Fatalf("%d streams: %+v", len(list), list)
	}
	i := list[0]
	if i.Local != "one.example" || i.Remote != "two.example" || i.Proof != "EXTERNAL" ||
		i.TLS != "TLS 1.3" || i.Cipher == "" || i.State != "open" || i.Error != "" {
		t.Errorf("stream: %+v", i)
	}
	var counted bytes.Buffer
	p.first.server.metrics.Write(&counted)
	for _, line := range []string{`parley_s2s_streams_total{direction="out",result="EXTERNAL"} 1`,
		`parley_s2s_stanzas_total{direction="out",result="written"} `, "parley_s2s_unconfirmed "} {
		if !strings.Contains(counted.String(), "\n"+line) {
			t.Errorf("no %s in\n%s", line, counted.String())
		}
	}
	st := must[control.Status](t)(call[control.Status](p.first, control.CmdStatus, nil))
	if st.Servers != 1 {
		t.Errorf("%d streams", st.Servers)
	}
}

// What waits for another server when ours is stopped goes out after the start,
// in order; when it is killed, the sender hears of it.
func TestRestartWhileWaiting(t *testing.T) {
	p := startPair(t)
	p.first.account("one.example", "alice")
	p.second.account("two.example", "bob")
	bob := p.second.login("two.example", "bob", "x")
	say := func(texts ...string) {
		p.net.hangs(true)
		alice := p.first.login("one.example", "alice", "x")
		for _, text := range texts {
			alice.message("bob@two.example", text)
		}
		alice.flush()
		alice.send("</stream:stream>")
		alice.until("</stream:stream>")
	}
	say("first", "second")
	if err := p.first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.net.hangs(false)
	if err := p.first.start(); err != nil {
		t.Fatal(err)
	}
	bob.until("<body>first</body>")
	bob.until("<body>second</body>")

	p.net.cut()
	say("third")
	if err := p.first.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	alice := p.first.authenticated("one.example", "alice", "y")
	alice.bind("b")
	alice.send("<presence/>")
	alice.until("<remote-server-timeout")
}

// When the other server is gone without a word, so are its users for those who
// saw them.
func TestServerLost(t *testing.T) {
	p := startPair(t)
	p.first.account("one.example", "alice")
	p.second.account("two.example", "bob")
	alice, bob := p.first.login("one.example", "alice", "x"), p.second.login("two.example", "bob", "x")
	alice.send("<presence type='subscribe' to='bob@two.example'/>")
	bob.until("type='subscribe'")
	bob.send("<presence type='subscribed' to='alice@one.example'/>")
	alice.until("from='bob@two.example/x'")
	p.net.cut()
	alice.until("<presence")
	got := alice.until(">")
	if !strings.Contains(got, "type='unavailable'") || !strings.Contains(got, "from='bob@two.example/x'") {
		t.Errorf("alice got %s", got)
	}
}

// What an administrator is told about another server, step by step.
func TestCheckServers(t *testing.T) {
	p := startPair(t)
	steps := must[[]control.Step](t)(call[[]control.Step](p.first, control.CmdProbe,
		control.ProbeArgs{Domain: "two.example"}))
	names := ""
	for _, s := range steps {
		names += fmt.Sprintf("%s %t, ", s.Name, s.OK)
	}
	if names != "DNS true, TCP true, TLS true, certificate true, EXTERNAL true, ping true, " {
		t.Errorf("steps: %+v", steps)
	}
	steps = must[[]control.Step](t)(call[[]control.Step](p.first, control.CmdProbe,
		control.ProbeArgs{Domain: "three.example"}))
	if len(steps) != 1 || steps[0].Name != "DNS" || steps[0].OK {
		t.Errorf("steps: %+v", steps)
	}
	for domain, want := range map[string]string{"one.example": "itself", "a b": "not a domain"} {
		_, err := call[[]control.Step](p.first, control.CmdProbe, control.ProbeArgs{Domain: domain})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", domain, err)
		}
	}
	alone := startLive(t, false)
	if _, err := call[[]control.Peer](alone, control.CmdServers, control.ServersArgs{}); err == nil ||
		!strings.Contains(err.Error(), "s2s.enabled") {
		t.Errorf("without others: %v", err)
	}
}

// parted are the folders of the scripts that are played a second time with the
// users on two servers.
var parted = []string{"roster", "subscription", "presence", "message", "iq", "offline", "blocking",
	"strangers", "xep", "muc", "pubsub"}

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
	if n < 100 {
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
