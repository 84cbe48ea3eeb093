package server

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"parley/auth"
	"parley/internal/control"
	"parley/stanza"
)

func verifierOf(t testing.TB, password string) string {
	t.Helper()
	v, err := auth.NewVerifiers(password, 4096)
	if err != nil {
		t.Fatal(err)
	}
	return v.Encode()
}

func jidOf(t testing.TB, text string) stanza.JID {
	t.Helper()
	jid, err := stanza.ParseJID(text)
	if err != nil {
		t.Fatal(err)
	}
	return jid
}

// call runs a command of the control socket, as "parley" does.
func call[R any](l *live, command string, args any) (result R, err error) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = control.Call(ctx, l.config.Data, command, args, &result)
	return result, err
}

func must[R any](t testing.TB) func(result R, err error) R {
	return func(result R, err error) R {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
}

// An account that is disabled or deleted after its client has authenticated gets
// no session (RFC 6120 section 7.6.2.2, Not Allowed).
func TestAccountGoneBeforeBinding(t *testing.T) {
	l := startLive(t, false)
	l.account("localhost", "alice", "bob")
	alice, bob := l.authenticated("localhost", "alice", "a"), l.authenticated("localhost", "bob", "b")
	disabled := control.DisableArgs{JID: "alice@localhost", Disabled: true}
	must[control.None](t)(call[control.None](l, control.CmdDisable, disabled))
	must[control.None](t)(call[control.None](l, control.CmdDelete, control.UserArgs{JID: "bob@localhost"}))
	for _, u := range []*user{alice, bob} {
		u.bind("1")
		u.until("<iq id='1' type='error'>")
		u.until("<not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
	}
	disabled.Disabled = false
	must[control.None](t)(call[control.None](l, control.CmdDisable, disabled))
	alice.bind("2")
	alice.until(alice.jid)
}

// Accounts are made, changed, listed, disabled and deleted while their users
// are there.
func TestControlUsers(t *testing.T) {
	l := startLive(t, false)
	done := must[control.None](t)
	add := func(jid, password string) error {
		_, err := call[control.None](l, control.CmdAdd, control.VerifierArgs{
			JID: jid, Verifier: verifierOf(t, password)})
		return err
	}
	for _, jid := range []string{"alice@localhost", "Bob@localhost"} {
		if err := add(jid, "first"); err != nil {
			t.Fatal(err)
		}
	}
	for jid, want := range map[string]string{
		"alice@localhost": "exists", "x@example.org": "not a domain of this server",
		"localhost":         "no account's address",
		"x@localhost/phone": "no account's address", "@": "no account's address",
	} {
		var e *control.Error
		if err := add(jid, "x"); !errors.As(err, &e) || !strings.Contains(e.Text, want) {
			t.Errorf("add %s: %v", jid, err)
		}
	}
	for _, name := range []string{"alice", "bob"} {
		done(call[control.None](l, control.CmdPasswd,
			control.VerifierArgs{JID: name + "@localhost", Verifier: verifierOf(t, name)}))
	}
	alice, bob := l.login("localhost", "alice", "a"), l.login("localhost", "bob", "b")
	chats(t, alice, bob)

	done(call[control.None](l, control.CmdDisable, control.DisableArgs{JID: "bob@localhost", Disabled: true}))
	bob.ends("not-authorized")
	list := func(a control.ListArgs) []control.User {
		t.Helper()
		return must[[]control.User](t)(call[[]control.User](l, control.CmdList, a))
	}
	users := list(control.ListArgs{Domain: "localhost", Max: 10})
	if len(users) != 2 || users[0].JID != "alice@localhost" || users[0].Disabled || !users[1].Disabled ||
		time.Since(users[0].Created).Abs() > time.Hour {
		t.Errorf("users: %+v", users)
	}
	users = list(control.ListArgs{Domain: "localhost", After: "alice@localhost", Max: 10})
	if len(users) != 1 || users[0].JID != "bob@localhost" {
		t.Errorf("users behind alice: %+v", users)
	}
	done(call[control.None](l, control.CmdDisable, control.DisableArgs{JID: "bob@localhost"}))
	bob = l.login("localhost", "bob", "b")

	done(call[control.None](l, control.CmdDelete, control.UserArgs{JID: "bob@localhost"}))
	bob.ends("not-authorized")
	if err := add("bob@localhost", "x"); err == nil || !strings.Contains(err.Error(), "deleted account") {
		t.Errorf("bob is made again: %v", err)
	}
	for _, command := range []string{control.CmdDelete, control.CmdDisable, control.CmdPasswd} {
		for _, jid := range []string{"bob@localhost", "nobody@localhost", "@", "alice@localhost/a"} {
			if _, err := call[control.None](l, command, control.DisableArgs{JID: jid}); err == nil {
				t.Errorf("%s %s: no error", command, jid)
			}
		}
	}
	alice.flush() // nothing of this was hers
}

// What an administrator sees of those who are logged in, and how they go.
func TestControlSessions(t *testing.T) {
	l := startLive(t, false)
	l.account("localhost", "alice", "bob")
	before := time.Now().Add(-time.Second)
	alice, phone, bob := l.login("localhost", "alice", "desk"), l.login("localhost", "alice", "phone"),
		l.login("localhost", "bob", "x")
	phone.send("<presence><priority>5</priority></presence>")
	phone.flush()

	sessions := func(a control.SessionsArgs) []control.Session {
		t.Helper()
		return must[[]control.Session](t)(call[[]control.Session](l, control.CmdSessions, a))
	}
	all := sessions(control.SessionsArgs{})
	if len(all) != 3 {
		t.Fatalf("sessions: %+v", all)
	}
	for i, want := range []string{alice.jid, phone.jid, bob.jid} {
		s := all[i]
		if s.JID != want || s.Address != "127.0.0.1" || !strings.HasPrefix(s.TLS, "TLS 1.3 TLS_") ||
			s.Mechanism != "PLAIN" || !s.Available || s.Since.Before(before) || s.LastSeen.Before(before) ||
			s.Since.After(time.Now()) || s.Queue < 0 {
			t.Errorf("%s: %+v", want, s)
		}
	}
	if all[0].Priority != 0 || all[1].Priority != 5 {
		t.Errorf("priorities %d and %d", all[0].Priority, all[1].Priority)
	}
	for jid, want := range map[string]int{"alice@localhost": 2, "Alice@localhost/phone": 1, "nobody@localhost": 0} {
		if n := len(sessions(control.SessionsArgs{JID: jid})); n != want {
			t.Errorf("%d sessions of %s, %d expected", n, jid, want)
		}
	}
	if n := len(sessions(control.SessionsArgs{Max: 2})); n != 2 {
		t.Errorf("%d sessions of at most 2", n)
	}
	st := must[control.Status](t)(call[control.Status](l, control.CmdStatus, control.None{}))
	if st.Sessions != 3 || st.Accounts != 2 || len(st.Domains) != 1 || len(st.Listen) != 2 || st.Version == "" ||
		st.PID == 0 || st.Started.Before(before.Add(-time.Minute)) || len(st.Notes) == 0 {
		t.Errorf("status: %+v", st)
	}

	kick := func(a control.KickArgs) int {
		t.Helper()
		return must[control.Count](t)(call[control.Count](l, control.CmdKick, a)).Count
	}
	if n := kick(control.KickArgs{JID: phone.jid, Reason: "go <now>"}); n != 1 {
		t.Errorf("%d sessions kicked", n)
	}
	phone.until("<policy-violation")
	phone.until("go &lt;now&gt;</text>")
	if kick(control.KickArgs{JID: "alice@localhost"}) == 0 {
		t.Error("nobody kicked")
	}
	alice.ends("policy-violation")
	for _, jid := range []string{"", "@"} {
		if _, err := call[control.Count](l, control.CmdKick, control.KickArgs{JID: jid}); err == nil {
			t.Errorf("kick %q: no error", jid)
		}
		if _, err := call[[]control.Session](l, control.CmdSessions, control.SessionsArgs{JID: "@"}); err == nil {
			t.Error("sessions of @: no error")
		}
	}
	if _, err := call[control.Reloaded](l, control.CmdReload, control.None{}); err == nil ||
		!strings.Contains(err.Error(), "without a configuration file") {
		t.Errorf("reload without a file: %v", err)
	}
	bob.flush()
}
