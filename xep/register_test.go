package xep_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
	"parley/store"
	"parley/xep"
)

// plain stands in for auth: it keeps passwords as they are.
type plain struct{}

func (plain) Verifier(password string) (string, error) {
	if password == "bad" {
		return "", errors.New("no password")
	}
	return "plain:" + password, nil
}

func runRegister(t *testing.T, config string, test func(w *imtest.World, m *xep.Register)) {
	t.Helper()
	var m *xep.Register
	imtest.Run(t, config, func(r *router.Router) []router.Module {
		m = xep.NewRegister(r, plain{})
		return []router.Module{m}
	}, func(w *imtest.World) {
		w.Login("juliet", "juliet@a.lit/balcony")
		test(w, m)
	})
}

func registerQuery(inside string) string {
	return "<query xmlns='jabber:iq:register'>" + inside + "</query>"
}

// registerForm is a form that was filled in.
func registerForm(name, password string) string {
	return "<x xmlns='jabber:x:data' type='submit'><field var='username'><value>" + name +
		"</value></field><field var='password'><value>" + password + "</value></field></x>"
}

// verifier is what is stored of an account's password, "" if there is none.
func verifier(w *imtest.World, jid string) string {
	w.T.Helper()
	a, err := w.Store.Account(context.Background(), jid)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		w.T.Fatal(err)
	}
	return a.Verifier
}

// TestPasswordChange holds XEP-0077 section 3.3, User Changes Password.
func TestPasswordChange(t *testing.T) {
	const fields = "<username>juliet</username><password>%</password>"
	runRegister(t, "", func(w *imtest.World, _ *xep.Register) {
		set := func(inside, want string) question {
			return question{"juliet", "set", "a.lit", registerQuery(inside), want}
		}
		ask(w,
			set("", "!modify bad-request"),
			set("<username>juliet</username>", "!modify bad-request"),
			set("<password>x</password>", "!modify bad-request"),
			set("<username>@</username><password>x</password>", "!modify bad-request"),
			set("<username>romeo</username><password>x</password>", "!cancel not-allowed"),
			set("<username>juliet</username><password/>", "!modify not-acceptable"),
			set("<username>juliet</username><password>bad</password>", "!modify not-acceptable"),
			set(registerForm("juliet", ""), "!modify not-acceptable"),
			set(registerForm("romeo", "x"), "!cancel not-allowed"),
			set("<x xmlns='jabber:x:data' type='submit'/>", "!modify bad-request"),
		)
		if got := verifier(w, "juliet@a.lit"); got != "x" {
			t.Errorf("the password was changed to %s", got)
		}
		ask(w, set(strings.Replace(fields, "%", "one", 1), ""))
		if got := verifier(w, "juliet@a.lit"); got != "plain:one" {
			t.Errorf("the password is %s", got)
		}
		// The form comes first (section 6, Precedence Order).
		ask(w, set(strings.Replace(fields, "%", "two", 1)+registerForm("Juliet", "three"), ""))
		if got := verifier(w, "juliet@a.lit"); got != "plain:three" {
			t.Errorf("the password is %s", got)
		}
	})
}

// Who is no user of this host is told so, and changes nothing.
func TestRegisterFromElsewhere(t *testing.T) {
	runRegister(t, "", func(w *imtest.World, m *xep.Register) {
		h := w.Router.AddHost("b.lit", true, m)
		ask := func(typ, inside, e string) {
			t.Helper()
			w.Talk("away -> <iq type='" + typ + "' id='1' from='x@c.lit/y' to='a.lit'>" + registerQuery(inside) +
				"</iq>\naway <- <iq type='error' id='1' from='a.lit' to='x@c.lit/y'>" + e + "</iq>")
		}
		ask("get", "", cond("cancel", "service-unavailable"))
		ask("set", "<remove/>", cond("auth", "registration-required"))
		ask("set", "<username>juliet</username><password>x</password>", cond("cancel", "not-allowed"))
		w.Talk("juliet -> <iq type='set' id='1' to='" + h.Domain + "'>" + registerQuery("<remove/>") +
			"</iq>\njuliet <- <iq type='error' id='1' from='b.lit' to='juliet@a.lit/balcony'>" +
			cond("auth", "registration-required") + "</iq>")
		if got := verifier(w, "juliet@a.lit"); got != "x" {
			t.Errorf("the password was changed to %q", got)
		}
	})
}

// openStream is a stream that knows whether it is encrypted.
type openStream struct {
	session *router.Session
	secure  bool
}

func (*openStream) Wake()                     {}
func (*openStream) Close(*stanza.StreamError) {}
func (*openStream) Out() stanza.Out           { return stanza.Out{} }
func (*openStream) Addr() string              { return "192.0.2.1:5222" }
func (s *openStream) Secure() bool            { return s.secure }

// A password is not taken where it can be read on the way (XEP-0077 section
// 3.3, table 2, Password Change Error Cases).
func TestPasswordInClear(t *testing.T) {
	for _, secure := range []bool{false, true} {
		runRegister(t, "", func(w *imtest.World, _ *xep.Register) {
			s := &openStream{secure: secure}
			var err error
			if s.session, err = w.Account("juliet@a.lit").Bind(context.Background(), "x", s); err != nil {
				t.Fatal(err)
			}
			s.session.Handle(context.Background(), stanza.MustParse("<iq type='set' id='1' to='a.lit'>"+
				registerQuery("<username>juliet</username><password>new</password>")+"</iq>"))
			w.Quiet("the answer")
			if err := s.session.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			b, _ := s.session.Take()
			s.session.Written(b, nil)
			if refused := strings.Contains(string(b.Bytes), "<not-authorized"); refused == secure {
				t.Errorf("secure %t: %s", secure, b.Bytes)
			}
			if changed := verifier(w, "juliet@a.lit") == "plain:new"; changed != secure {
				t.Errorf("secure %t: changed %t", secure, changed)
			}
		})
	}
}

// Nothing is written for an account that is deleted before its new password.
func TestPasswordOfDeleted(t *testing.T) {
	runRegister(t, "", func(w *imtest.World, _ *xep.Register) {
		id := w.Account("juliet@a.lit").ID
		err := w.Store.Update(context.Background(), func(tx *store.Tx) error {
			return tx.DeleteAccount(id, time.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		ask(w, question{"juliet", "set", "", registerQuery("<username>juliet</username><password>x</password>"),
			"!cancel service-unavailable"})
	})
}

// What is answered before authentication.
func TestRegisterBefore(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.7")
	fields := func(name, password string) string {
		return registerQuery("<username>" + name + "</username><password>" + password + "</password>")
	}
	runRegister(t, "[register]\nenabled = true\nper_hour = 4", func(w *imtest.World, m *xep.Register) {
		for _, c := range []struct{ typ, attrs, payload, want string }{
			{"get", "", fields("", ""), "<username/>"},
			{"get", " to='a.lit'", registerQuery(""), "type='form'"},
			{"get", " to='b.lit'", registerQuery(""), ""},
			{"get", " to='@'", registerQuery(""), ""},
			{"get", "", "<query xmlns='jabber:iq:roster'/>", ""},
			{"result", "", fields("nurse", "x"), ""},
			{"error", "", fields("nurse", "x"), ""},
			{"set", "", registerQuery("<remove/>"), "<unexpected-request "},
			{"set", "", fields("", "x"), "<not-acceptable "},
			{"set", "", fields("a@b", "x"), "<not-acceptable "},
			{"set", "", fields("nurse", ""), "<not-acceptable "},
			{"set", "", fields("Juliet", "x"), "<conflict "},
			{"set", "", fields("Nurse", "x"), "type='result'"},
			{"set", "", registerQuery(registerForm(" friar ", " x ")), "type='result'"},
			{"set", "", fields("third", "x"), "<policy-violation "},
		} {
			iq := stanza.MustParse("<iq type='" + c.typ + "' id='1'" + c.attrs + ">" + c.payload + "</iq>")
			got := ""
			if a := m.Handle(context.Background(), "a.lit", addr, true, iq); a != nil {
				got = string(a.Append(nil, nil, stanza.Out{}))
			}
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("%s %s: %s came, %s expected", c.typ, c.payload, got, c.want)
			}
		}
		if got := verifier(w, "nurse@a.lit"); got != "plain:x" {
			t.Errorf("nurse's password is %q", got)
		}
		if got := verifier(w, "friar@a.lit"); got != "plain: x " {
			t.Errorf("friar's password is %q", got)
		}
		// Others may still register, and everybody an hour later.
		iq := stanza.MustParse("<iq type='set' id='1'>" + fields("late", "x") + "</iq>")
		other := netip.MustParseAddr("2001:db8::1")
		if a := m.Handle(context.Background(), "a.lit", other, true, iq); a == nil || a.Type != "result" {
			t.Errorf("from another address: %v", a)
		}
		time.Sleep(time.Hour)
		iq = stanza.MustParse("<iq type='set' id='1'>" + fields("later", "x") + "</iq>")
		if a := m.Handle(context.Background(), "a.lit", addr, true, iq); a == nil || a.Type != "result" {
			t.Errorf("after an hour: %v", a)
		}
	})
	runRegister(t, "", func(_ *imtest.World, m *xep.Register) {
		iq := stanza.MustParse("<iq type='set' id='1'>" + fields("nurse", "x") + "</iq>")
		if m.Feature("a.lit") != "" || m.Handle(context.Background(), "a.lit", addr, true, iq) != nil {
			t.Error("registration is offered where it is off")
		}
	})
}
