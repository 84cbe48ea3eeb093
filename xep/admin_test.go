package xep_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
	"parley/store"
	"parley/xep"
)

const nsAdmin = "http://jabber.org/protocol/admin#"

// service is a server with an administrator, bard, and the user juliet.
type service struct {
	*imtest.World
	stopped atomic.Int32
}

func runAdmin(t *testing.T, config string, test func(w *service)) {
	t.Helper()
	s := new(service)
	imtest.Run(t, "admins = ['bard@a.lit']\n"+config, func(r *router.Router) []router.Module {
		m := &xep.Admin{Router: r, Passwords: plain{}, Shutdown: func() { s.stopped.Add(1) }}
		c := xep.NewCommands(m.Allowed, m.Commands()...)
		nodes := map[string]xep.DiscoNode{}
		for _, n := range c.Nodes() {
			nodes[n] = c
		}
		return []router.Module{new(presences), xep.NewDisco(friends{"bard@a.lit": {from: true}}, nodes), c}
	}, func(w *imtest.World) {
		s.World = w
		w.Login("bard", "bard@a.lit/globe")
		w.Login("juliet", "juliet@a.lit/balcony")
		test(s)
	})
}

func command(node, attrs, inside string) string {
	return "<command xmlns='http://jabber.org/protocol/commands' node='" + node + "'" + attrs + ">" +
		inside + "</command>"
}

var sessionID = regexp.MustCompile(` sessionid='([^']*)'`)

// begin asks for the form of a command and returns its session.
func (w *service) begin(node string) string {
	w.T.Helper()
	got := answer(w.World, "bard", "set", "a.lit", command(node, "", ""))
	id := sessionID.FindStringSubmatch(got)
	if id == nil || !strings.Contains(got, "status='executing'") ||
		!strings.Contains(got, "<actions execute='complete'><complete/></actions>") {
		w.T.Fatalf("%s: no form came: %s", node, got)
	}
	return id[1]
}

// run fills in a command's form, with fields as "name=value", and returns what
// comes.
func (w *service) run(name string, fields ...string) string {
	w.T.Helper()
	node := nsAdmin + name
	return w.submit(node, w.begin(node), "submit", fields...)
}

func (w *service) submit(node, id, typ string, fields ...string) string {
	w.T.Helper()
	x := "<x xmlns='jabber:x:data' type='" + typ + "'>"
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		x += "<field var='" + name + "'><value>" + html.EscapeString(value) + "</value></field>"
	}
	return answer(w.World, "bard", "set", "a.lit", command(node, " sessionid='"+id+"'", x+"</x>"))
}

// want fails the test unless all texts are in what came.
func want(t testing.TB, what, got string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(got, text) {
			t.Errorf("%s: %s\nhas no %s", what, got, text)
		}
	}
}

// TestAdminErrors holds what each command refuses (XEP-0133 section 5, Error
// Handling; XEP-0050 section 4.4, Possible Errors).
func TestAdminErrors(t *testing.T) {
	runAdmin(t, "", func(w *service) {
		for _, c := range []struct {
			name string
			form []string
			want string
		}{
			{"add-user", nil, "<bad-payload "},
			{"add-user", []string{"accountjid=x@a.lit", "password=a"}, "<bad-payload "},
			{"add-user", []string{"accountjid=x@a.lit", "password=a", "password-verify=b"}, "<bad-payload "},
			{"add-user", []string{"accountjid=x@a.lit", "password=a", "password-verify=a "}, "<bad-payload "},
			{"add-user", []string{"accountjid=@@", "password=a", "password-verify=a"}, "<not-acceptable "},
			{"add-user", []string{"accountjid=a.lit", "password=a", "password-verify=a"}, "<not-acceptable "},
			{"add-user", []string{"accountjid=x@a.lit/y", "password=a", "password-verify=a"}, "<not-acceptable "},
			{"add-user", []string{"accountjid=x@b.lit", "password=a", "password-verify=a"}, "<not-allowed "},
			{"add-user", []string{"accountjid=x@a.lit", "password=bad", "password-verify=bad"}, "<not-acceptable "},
			{"add-user", []string{"accountjid=Juliet@a.lit", "password=a", "password-verify=a"}, "<conflict "},
			{"delete-user", []string{"accountjids="}, "<bad-payload "},
			{"delete-user", []string{"accountjids=nobody@a.lit"}, "<item-not-found "},
			{"delete-user", []string{"accountjids=juliet@a.lit/balcony"}, "<not-acceptable "},
			{"delete-user", []string{"accountjids=juliet@a.lit", "accountjids=nobody@a.lit"}, "<item-not-found "},
			{"disable-user", []string{"accountjids=juliet@a.lit", "accountjids=x@b.lit"}, "<not-allowed "},
			{"reenable-user", []string{"accountjids=nobody@a.lit"}, "<item-not-found "},
			{"end-user-session", []string{"accountjids=nobody@a.lit"}, "<item-not-found "},
			{"change-user-password", []string{"accountjid=juliet@a.lit"}, "<bad-payload "},
			{"change-user-password", []string{"accountjid=nobody@a.lit", "password=x"}, "<item-not-found "},
			{"change-user-password", []string{"accountjid=juliet@a.lit", "password=bad"}, "<not-acceptable "},
			{"get-user-roster", []string{"accountjids=juliet@a.lit", "accountjids=bard@a.lit"}, "<bad-payload "},
			{"get-user-roster", []string{"accountjids=x"}, "<not-acceptable "},
			{"get-user-lastlogin", []string{"accountjids=nobody@a.lit"}, "<item-not-found "},
			{"user-stats", []string{"accountjid=nobody@a.lit"}, "<item-not-found "},
			{"get-registered-users-list", []string{"max_items=many"}, "<bad-payload "},
			{"get-registered-users-list", []string{"max_items=-1"}, "<bad-payload "},
			{"announce", []string{"announcement= "}, "<bad-payload "},
			{"shutdown", nil, "<bad-payload "},
			{"shutdown", []string{"delay=-1"}, "<bad-payload "},
			{"shutdown", []string{"delay=99999"}, "<bad-payload "},
		} {
			want(t, c.name+fmt.Sprint(c.form), w.run(c.name, c.form...), "type='error'", c.want)
		}
		if w.Account("juliet@a.lit") == nil || verifier(w.World, "juliet@a.lit") != "x" || w.stopped.Load() != 0 {
			t.Error("what was refused was done")
		}
		w.Quiet("the end")
	})
}

// What the commands do.
func TestAdminCommands(t *testing.T) {
	runAdmin(t, "", func(w *service) {
		done := "status='completed'"
		want(t, "add", w.run("add-user", "accountjid= Nurse@a.lit ", "password= a", "password-verify= a"), done)
		if got := verifier(w.World, "nurse@a.lit"); got != "plain: a" {
			t.Errorf("nurse's password is %q", got)
		}
		want(t, "passwd", w.run("change-user-password", "accountjid=nurse@a.lit", "password=b"), done)
		if got := verifier(w.World, "nurse@a.lit"); got != "plain:b" {
			t.Errorf("nurse's password is %q", got)
		}
		want(t, "registered",
			answer(w.World, "bard", "set", "a.lit", command(nsAdmin+"get-registered-users-num", "", "")),
			done, "var='registeredusersnum'", "<value>3</value>")
		want(t, "list", w.run("get-registered-users-list", "max_items=2"), done,
			"<value>bard@a.lit</value><value>juliet@a.lit</value></field>")
		want(t, "list", w.run("get-registered-users-list", "max_items=none"), "<value>nurse@a.lit</value>")
		want(t, "online", w.run("get-online-users-list"), "var='onlineuserjids'",
			"<value>bard@a.lit</value><value>juliet@a.lit</value></field>")
		w.Do("juliet -> <presence/>")
		w.Do("bard -> <presence><show>away</show></presence>")
		want(t, "active", w.run("get-active-users"), "var='activeuserjids'",
			"'><value>juliet@a.lit</value></field>")
		want(t, "active", answer(w.World, "bard", "set", "a.lit", command(nsAdmin+"get-active-users-num", "", "")),
			"<value>1</value>")
		want(t, "last", w.run("get-user-lastlogin", "accountjids=juliet@a.lit"), "var='lastlogin'",
			"<value>2000-01-01T00:00:00Z</value>")
		if got := w.run("get-user-lastlogin", "accountjids=nurse@a.lit"); strings.Contains(got, "0001-") {
			t.Errorf("nurse has logged in: %s", got)
		}
		want(t, "stats", w.run("user-stats", "accountjid=juliet@a.lit"),
			"<value>192.0.2.1</value>", "<value>balcony</value>")
	})
}

// A roster is inside the form (XEP-0133 section 4.8, Get User Roster), and who
// is not in it is not counted (section 4.10, Get User Statistics).
func TestAdminRoster(t *testing.T) {
	runAdmin(t, "", func(w *service) {
		id := w.Account("juliet@a.lit").ID
		err := w.Store.Update(context.Background(), func(tx *store.Tx) error {
			var errs []error
			for _, item := range []store.RosterItem{
				{JID: "romeo@b.lit", Name: "R", To: true, Listed: true, Groups: []string{"Lovers"}},
				{JID: "tybalt@b.lit", Pending: "<presence type='subscribe'/>"},
				{JID: "paris@b.lit", Pending: "<presence type='subscribe'/>"},
			} {
				_, err := tx.PutRosterItem(id, item)
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "roster", w.run("get-user-roster", "accountjids=juliet@a.lit"),
			"<query xmlns='jabber:iq:roster'><item jid='romeo@b.lit' name='R' subscription='to'>"+
				"<group>Lovers</group></item></query></x></command>")
		want(t, "stats", w.run("user-stats", "accountjid=juliet@a.lit"),
			"var='rostersize'><value>1</value>")
	})
}

// Accounts are disabled together or not at all, their sessions end, and the
// asker's own behind the answer.
func TestAdminDisable(t *testing.T) {
	runAdmin(t, "", func(w *service) {
		id := w.begin(nsAdmin + "disable-user")
		w.Remove("juliet")
		got := w.submit(nsAdmin+"disable-user", id, "submit", "accountjids=juliet@a.lit", "accountjids= Juliet@A.lit")
		want(t, "disable", got, "status='completed'")
		want(t, "disabled", w.run("get-disabled-users-list"), "<value>juliet@a.lit</value></field>")
		want(t, "enable", w.run("reenable-user", "accountjids=juliet@a.lit"), "status='completed'")
		if got := w.run("get-disabled-users-list"); strings.Contains(got, "juliet") {
			t.Errorf("juliet is still disabled: %s", got)
		}
	})
}

// An account that is deleted before the write of a command is left alone.
func TestAdminDeletedMeanwhile(t *testing.T) {
	for name, form := range map[string][]string{
		"disable-user":         {"accountjids=nurse@a.lit"},
		"change-user-password": {"accountjid=nurse@a.lit", "password=x"},
	} {
		runAdmin(t, "", func(w *service) {
			id := w.Account("nurse@a.lit").ID // in memory, and stays there
			err := w.Store.Update(context.Background(), func(tx *store.Tx) error {
				return tx.DeleteAccount(id, time.Now())
			})
			if err != nil {
				t.Fatal(err)
			}
			want(t, name, w.run(name, form...), "<service-unavailable ")
		})
	}
}

// The stream that asked hears the answer before it ends.
func TestAdminOwnEnd(t *testing.T) {
	for name, e := range map[string]*stanza.StreamError{
		"disable-user": stanza.StreamNotAuthorized, "delete-user": stanza.StreamNotAuthorized,
		"end-user-session": stanza.StreamPolicyViolation,
	} {
		runAdmin(t, "", func(w *service) {
			s := &endingStream{}
			var err error
			s.session, err = w.Account("bard@a.lit").Bind(context.Background(), "own", s)
			if err != nil {
				t.Fatal(err)
			}
			if name != "end-user-session" {
				w.Remove("bard")
			}
			node := nsAdmin + name
			s.ask(command(node, "", ""))
			id := sessionID.FindStringSubmatch(s.received(w))
			s.ask(command(node, " sessionid='"+id[1]+"'", "<x xmlns='jabber:x:data' type='submit'>"+
				"<field var='accountjids'><value>bard@a.lit/own</value></field></x>"))
			if name == "end-user-session" {
				want(t, name, s.received(w), "status='completed'", "</iq> closed "+e.Condition)
				return
			}
			want(t, name, s.received(w), "<not-acceptable ") // a session is no account
			s.ask(command(node, " sessionid='"+id[1]+"'", "<x xmlns='jabber:x:data' type='submit'>"+
				"<field var='accountjids'><value>bard@a.lit</value></field></x>"))
			want(t, name, s.received(w), "status='completed'", "</iq> closed "+e.Condition)
		})
	}
}

// endingStream notes when it is closed: behind what was queued before.
type endingStream struct {
	openStream
	text string
}

func (s *endingStream) Close(e *stanza.StreamError) {
	if s.text == "" {
		s.take()
		s.text += " closed " + e.Condition
	}
}

func (s *endingStream) take() {
	if b, ok := s.session.Take(); ok {
		s.text += string(b.Bytes)
		s.session.Written(b, nil)
	}
}

func (s *endingStream) ask(payload string) {
	s.session.Handle(context.Background(), stanza.MustParse("<iq type='set' id='1' to='a.lit'>"+payload+"</iq>"))
}

func (s *endingStream) received(w *service) string {
	w.Talk("") // nothing moves any more
	s.take()
	got := s.text
	s.text = ""
	return got
}

// Who is told, and when the server stops.
func TestAdminShutdown(t *testing.T) {
	runAdmin(t, "", func(w *service) {
		w.Router.AddHost("b.lit", true)
		w.Login("benvolio", "benvolio@b.lit/x")
		id := w.begin(nsAdmin + "announce")
		w.Send("bard", "<iq type='set' id='1' to='a.lit'>"+command(nsAdmin+"announce", " sessionid='"+id+"'",
			"<x xmlns='jabber:x:data' type='submit'><field var='announcement'><value>one</value>"+
				"<value>two</value></field></x>")+"</iq>")
		w.Talk(`
			bard <- <message from='a.lit' to='bard@a.lit/globe' type='headline'><body>one&#10;two</body></message>
			bard <- <iq type='result' id='1' from='a.lit' to='bard@a.lit/globe'>` + command(nsAdmin+"announce",
			" sessionid='*' status='completed'", "<note type='info'>sent to 2 sessions</note>") + `</iq>
			juliet <- <message from='a.lit' to='juliet@a.lit/balcony' type='headline'>
				<body>one&#10;two</body></message>`)
		id = w.begin(nsAdmin + "shutdown")
		w.Send("bard", "<iq type='set' id='1' to='a.lit'>"+command(nsAdmin+"shutdown", " sessionid='"+id+"'",
			"<x xmlns='jabber:x:data' type='submit'><field var='announcement'><value>bye</value></field>"+
				"<field var='delay'><value>60</value></field></x>")+"</iq>")
		for _, who := range []string{"bard", "juliet", "benvolio"} {
			want(t, who, strings.Join(w.Received(who), ""), "<body>bye</body>")
		}
		time.Sleep(59 * time.Second)
		if w.stopped.Load() != 0 {
			t.Error("the server stops early")
		}
		time.Sleep(2 * time.Second)
		if w.stopped.Load() != 1 {
			t.Errorf("the server stopped %d times", w.stopped.Load())
		}
	})
}

// A list that would burst the asker's queue is refused.
func TestAdminLongList(t *testing.T) {
	runAdmin(t, "[limits]\nqueue = '64 KiB'", func(w *service) {
		err := w.Store.Update(context.Background(), func(tx *store.Tx) error {
			for i := range 2500 {
				if _, err := tx.CreateAccount(fmt.Sprintf("user%04d@a.lit", i), "x"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "all", w.run("get-registered-users-list", "max_items=none"), "<resource-constraint ")
		want(t, "some", w.run("get-registered-users-list", "max_items=25"), "<value>user0022@a.lit</value></field>")
		want(t, "number", answer(w.World, "bard", "set", "a.lit",
			command(nsAdmin+"get-registered-users-num", "", "")), "<value>2502</value>")
	})
}
