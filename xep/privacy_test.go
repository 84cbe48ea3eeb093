package xep_test

import (
	"slices"
	"strings"
	"testing"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

const privacyOn = "[messages]\nprivacy_lists = true"

// list stores a privacy list for juliet by the account's own protocol.
func list(w *imtest.World, name, items string) {
	w.T.Helper()
	a := w.Account("juliet@a.lit")
	w.Login("editor", "juliet@a.lit/editor").Handle(w.T.Context(), stanza.MustParse(
		"<iq type='set' id='1'><query xmlns='jabber:iq:privacy'><list name='"+name+"'>"+items+"</list></query></iq>"))
	w.Drop()
	if all, _, err := w.Store.Rules(w.T.Context(), a.ID); len(all[name]) == 0 || err != nil {
		w.T.Fatal(all, err)
	}
	w.Logout("editor")
}

// XEP-0016 sections 2.3, Retrieving One's Privacy Lists, and 2.6, Editing a
// Privacy List, to 2.8, Removing a Privacy List.
func TestPrivacyLists(t *testing.T) {
	f := friends{"romeo@a.lit": {groups: []string{"Lovers"}}}
	runBlocking(t, privacyOn, f, func(w *imtest.World, _ *presences) {
		if !slices.Contains(w.Host.Features(router.ToHost), "jabber:iq:privacy") {
			t.Error("not announced")
		}
		talk(w, `
			juliet -> <iq type='get' id='1'><query PV/></iq>
			juliet <- RESULT'1'><query PV/></iq>
			juliet -> <iq type='set' id='2'><query PV><list name='public'>
				<item action='allow' order='5'><message/><presence-in/></item>
				<item type='jid' value='Tybalt@B.lit' action='deny' order='3'/>
				<item type='group' value='Lovers' action='allow' order='4'><iq/><presence-out/>
				</item></list></query></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><query PV><list name='public'/></query></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><query PV><list name='public'/></query></iq>
			juliet <- RESULT'2'/>
			juliet -> <iq type='get' id='3'><query PV><list name='public'/></query></iq>
			juliet <- RESULT'3'><query PV><list name='public'>
				<item type='jid' value='tybalt@b.lit' action='deny' order='3'/>
				<item type='group' value='Lovers' action='allow' order='4'><iq/><presence-out/>
				</item><item action='allow' order='5'><message/><presence-in/></item></list></query>
				</iq>
			juliet -> <iq type='set' id='4'><query PV><list name='special'>
				<item type='subscription' value='none' action='deny' order='1'/></list></query></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><query PV><list name='special'/></query></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><query PV><list name='special'/></query></iq>
			juliet <- RESULT'4'/>
			juliet -> <iq type='set' id='5'><query PV><active name='special'/></query></iq>
			juliet <- RESULT'5'/>
			juliet -> <iq type='set' id='6'><query PV><default name='public'/></query></iq>
			juliet <- RESULT'6'/>
			juliet -> <iq type='get' id='7'><query PV/></iq>
			juliet <- RESULT'7'><query PV><active name='special'/><default name='public'/>
				<list name='public'/><list name='special'/></query></iq>
			juliet -> <iq type='set' id='8'><query PV><active/></query></iq>
			juliet <- RESULT'8'/>
			# garden uses the default list
			juliet -> <iq type='set' id='9'><query PV><list name='public'/></query></iq>
			juliet <- ERROR'9'>CONFLICT</iq>
			juliet -> <iq type='set' id='10'><query PV><default/></query></iq>
			juliet <- ERROR'10'>CONFLICT</iq>
			juliet -> <iq type='set' id='11'><query PV><default name='special'/></query></iq>
			juliet <- ERROR'11'>CONFLICT</iq>
			garden -> <iq type='set' id='12'><query PV><active name='special'/></query></iq>
			garden <- <iq from='juliet@a.lit' to='juliet@a.lit/garden' type='result' id='12'/>
			juliet -> <iq type='set' id='13'><query PV><list name='special'/></query></iq>
			juliet <- ERROR'13'>CONFLICT</iq>
			juliet -> <iq type='set' id='14'><query PV><list name='public'/></query></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><query PV><list name='public'/></query></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><query PV><list name='public'/></query></iq>
			juliet <- RESULT'14'/>
			garden -> <iq type='get' id='15'><query PV/></iq>
			garden <- <iq from='juliet@a.lit' to='juliet@a.lit/garden' type='result' id='15'>
				<query PV><active name='special'/><list name='special'/></query></iq>
			garden -> <iq type='set' id='16'><query PV><list name='special'/></query></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><query PV><list name='special'/></query></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><query PV><list name='special'/></query></iq>
			garden <- <iq from='juliet@a.lit' to='juliet@a.lit/garden' type='result' id='16'/>
			garden -> <iq type='get' id='17'><query PV/></iq>
			garden <- <iq from='juliet@a.lit' to='juliet@a.lit/garden' type='result' id='17'><query PV/></iq>
		`)
	})
}

func TestPrivacyErrors(t *testing.T) {
	runBlocking(t, privacyOn, friends{}, func(w *imtest.World, _ *presences) {
		list(w, "l", "<item action='deny' order='1'/>")
		get := func(payload, want string) {
			t.Helper()
			talk(w, "juliet -> <iq type='get' id='1'><query PV>"+payload+
				"</query></iq>\njuliet <- ERROR'1'>"+want+"</iq>")
		}
		set := func(payload, want string) {
			t.Helper()
			talk(w, "juliet -> <iq type='set' id='1'><query PV>"+payload+
				"</query></iq>\njuliet <- ERROR'1'>"+want+"</iq>")
		}
		item := func(attrs, want string) {
			t.Helper()
			set("<list name='l'><item "+attrs+"/></list>", want)
		}
		get("<list name='no'/>", "NOTFOUND")
		get("<list/>", "NOTFOUND")
		get("<list name='l'/><list name='l'/>", "BADREQUEST")
		get("<active/>", "BADREQUEST")
		set("", "BADREQUEST")
		set("<active/><default/>", "BADREQUEST")
		set("<other/>", "BADREQUEST")
		set("<active xmlns='x:y'/>", "BADREQUEST")
		set("<active name='no'/>", "NOTFOUND")
		set("<default name='no'/>", "NOTFOUND")
		set("<list name='no'/>", "NOTFOUND")
		set("<list><item action='deny' order='1'/></list>", "BADREQUEST")
		item("action='deny'", "BADREQUEST")
		item("order='1'", "BADREQUEST")
		item("action='deny' order='-1'", "BADREQUEST")
		item("action='deny' order='x'", "BADREQUEST")
		item("action='maybe' order='1'", "BADREQUEST")
		item("action='deny' order='1' type='what' value='x'", "BADREQUEST")
		item("action='deny' order='1' type='subscription' value='remove'", "BADREQUEST")
		item("action='deny' order='1' type='jid' value='@'", "MALFORMED")
		item("action='deny' order='1' type='group' value='Enemies'", "NOTFOUND")
		item("action='deny' order='1'/><item action='allow' order='1'", "BADREQUEST")
		set("<list name='l'><thing action='deny' order='1'/></list>", "BADREQUEST")
		talk(w, `
			juliet -> <iq type='get' id='2'><query PV><list name='l'/></query></iq>
			juliet <- RESULT'2'><query PV><list name='l'><item action='deny' order='1'/></list></query></iq>
			romeo -> <iq type='get' to='juliet@a.lit' id='3'><query PV/></iq>
			romeo <- <iq from='juliet@a.lit' to='romeo@a.lit/orchard' type='error' id='3'>UNAVAILABLE</iq>
		`)
		// too many lists
		a := w.Account("juliet@a.lit")
		err := w.Store.Update(w.T.Context(), func(tx *store.Tx) (err error) {
			for i := range 60 {
				if err == nil {
					err = tx.SetRules(a.ID, strings.Repeat("x", i+1), []store.Rule{{}})
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		set("<list name='more'><item action='deny' order='1'/></list>", cond("wait", "resource-constraint"))
	})
}

// Without privacy_lists nothing of this is there, nor does it rule.
func TestPrivacyOff(t *testing.T) {
	runBlocking(t, "", nil, func(w *imtest.World, _ *presences) {
		nurse := w.Account("nurse@a.lit")
		err := w.Store.Update(w.T.Context(), func(tx *store.Tx) error {
			if err := tx.SetDefaultRules(nurse.ID, "l"); err != nil {
				return err
			}
			return tx.SetRules(nurse.ID, "l", []store.Rule{{}})
		})
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(w.Host.Features(router.ToHost), "jabber:iq:privacy") {
			t.Error("announced")
		}
		talk(w, `
			juliet -> <iq type='get' id='1'><query PV/></iq>
			juliet <- ERROR'1'>UNAVAILABLE</iq>
			romeo -> <message to='nurse@a.lit'><body>hi</body></message>
		`)
	})
}

// The default list applies to sessions without an active one, and when there
// are no sessions; what it denies is answered as XEP-0016 section 2.14,
// Blocked Entity Attempts to Communicate with User, says.
func TestPrivacyDefault(t *testing.T) {
	runBlocking(t, privacyOn, friends{}, func(w *imtest.World, _ *presences) {
		list(w, "quiet", "<item type='jid' value='b.lit' action='deny' order='1'><message/><iq/></item>"+
			"<item type='jid' value='romeo@a.lit' action='deny' order='2'/>")
		list(w, "open", "<item action='allow' order='1'/>")
		w.Logout("garden")
		talk(w, `
			juliet -> <iq type='set' id='1'><query PV><default name='quiet'/></query></iq>
			juliet <- RESULT'1'/>
			juliet -> <presence/>
			away -> <message from='iago@b.lit/x' to='juliet@a.lit' id='2'><body>hi</body></message>
			away <- <message from='juliet@a.lit' to='iago@b.lit/x' type='error' id='2'>UNAVAILABLE</message>
			away -> <iq from='iago@b.lit/x' to='juliet@a.lit/balcony' id='3' type='get'><query xmlns='x:y'/></iq>
			away <- <iq from='juliet@a.lit/balcony' to='iago@b.lit/x' type='error' id='3'>UNAVAILABLE</iq>
			away -> <presence from='iago@b.lit/x' to='juliet@a.lit'/>
			juliet <- <presence from='iago@b.lit/x' to='juliet@a.lit'/>
			romeo -> <presence to='juliet@a.lit'/>
			romeo -> <presence to='juliet@a.lit' type='subscribe'/>
			# out: only what all kinds are denied for
			juliet -> <message to='iago@b.lit'><body>hi</body></message>
			away <- <message from='juliet@a.lit/balcony' to='iago@b.lit'><body>hi</body></message>
			juliet -> <message to='romeo@a.lit' id='4'><body>hi</body></message>
			juliet <- <message from='romeo@a.lit' to='juliet@a.lit/balcony' type='error' id='4'>NOTACCEPTABLE</message>
			juliet -> <iq type='set' id='5'><query PV><active name='open'/></query></iq>
			juliet <- RESULT'5'/>
			away -> <message from='iago@b.lit/x' to='juliet@a.lit' id='6'><body>hi</body></message>
			juliet <- <message from='iago@b.lit/x' to='juliet@a.lit' id='6'><body>hi</body></message>
			juliet -> <message to='romeo@a.lit' id='7'><body>hi</body></message>
		`)
		w.Logout("juliet")
		talk(w, `
			away -> <message from='iago@b.lit/x' to='juliet@a.lit' id='8'><body>hi</body></message>
			away <- <message from='juliet@a.lit' to='iago@b.lit/x' type='error' id='8'>UNAVAILABLE</message>
		`)
	})
}

// An active list is a session's own; the blocklist is above it.
func TestPrivacyActive(t *testing.T) {
	runBlocking(t, privacyOn, friends{}, func(w *imtest.World, _ *presences) {
		list(w, "quiet", "<item type='jid' value='b.lit' action='deny' order='1'/>")
		list(w, "open", "<item action='allow' order='1'/>")
		block(w, "evil@b.lit")
		talk(w, `
			juliet -> <presence/>
			garden -> <presence/>
			juliet -> <iq type='set' id='1'><query PV><active name='quiet'/></query></iq>
			juliet <- RESULT'1'/>
			garden -> <iq type='set' id='2'><query PV><active name='open'/></query></iq>
			garden <- <iq from='juliet@a.lit' to='juliet@a.lit/garden' type='result' id='2'/>

			# a message to both reaches the one
			away -> <message from='iago@b.lit/x' to='juliet@a.lit' id='3'><body>hi</body></message>
			garden <- <message from='iago@b.lit/x' to='juliet@a.lit' id='3'><body>hi</body></message>
			away -> <presence from='iago@b.lit/x' to='juliet@a.lit'/>
			garden <- <presence from='iago@b.lit/x' to='juliet@a.lit'/>
			away -> <message from='iago@b.lit/x' to='juliet@a.lit/balcony' id='4'><body>hi</body></message>
			away <- <message from='juliet@a.lit/balcony' to='iago@b.lit/x' type='error' id='4'>UNAVAILABLE</message>
			juliet -> <message to='iago@b.lit' id='5'><body>hi</body></message>
			juliet <- <message from='iago@b.lit' to='juliet@a.lit/balcony' type='error' id='5'>NOTACCEPTABLE</message>
			garden -> <message to='iago@b.lit' id='6'><body>hi</body></message>
			away <- <message from='juliet@a.lit/garden' to='iago@b.lit' id='6'><body>hi</body></message>

			# blocked stays blocked
			away -> <message from='evil@b.lit/x' to='juliet@a.lit' id='7'><body>hi</body></message>
			away <- <message from='juliet@a.lit' to='evil@b.lit/x' type='error' id='7'>UNAVAILABLE</message>
			garden -> <message to='evil@b.lit' id='8'><body>hi</body></message>
			garden <- <message from='evil@b.lit' to='juliet@a.lit/garden' type='error' id='8'>BLOCKED</message>

			# a change of a list that is active is in force at once
			garden -> <iq type='set' id='9'><query PV><list name='open'>
				<item action='deny' order='1'/></list></query></iq>
			juliet <- <iq to='juliet@a.lit/balcony' type='set' id='*'><query PV><list name='open'/></query></iq>
			garden <- <iq to='juliet@a.lit/garden' type='set' id='*'><query PV><list name='open'/></query></iq>
			garden <- <iq from='juliet@a.lit' to='juliet@a.lit/garden' type='result' id='9'/>
			romeo -> <message to='juliet@a.lit/garden' id='10'><body>hi</body></message>
			romeo <- <message from='juliet@a.lit/garden' to='romeo@a.lit/orchard' type='error'
				id='10'>UNAVAILABLE</message>
			# but the server is not kept out
			garden -> <iq to='a.lit' type='get' id='11'><query xmlns='x:y'/></iq>
			garden <- <iq from='a.lit' to='juliet@a.lit/garden' type='error' id='11'>UNAVAILABLE</iq>
		`)
	})
}

// Contacts see by presence what a list hides from them (XEP-0016 section 2.11,
// Blocking Outbound Presence Notifications), for the session it applies to.
func TestPrivacyPresence(t *testing.T) {
	f := friends{"iago@b.lit": {from: true}, "nurse@b.lit": {from: true, to: true}, "who@b.lit": {to: true}}
	runBlocking(t, privacyOn, f, func(w *imtest.World, _ *presences) {
		list(w, "hide", "<item type='subscription' value='from' action='deny' order='1'><presence-out/></item>")
		talk(w, `
			juliet -> <presence><show>away</show></presence>
			garden -> <presence/>
			juliet -> <iq type='set' id='1'><query PV><active name='hide'/></query></iq>
			away <- <presence from='juliet@a.lit/balcony' to='iago@b.lit' type='unavailable'/>
			juliet <- RESULT'1'/>
			juliet -> <presence to='iago@b.lit' id='2'/>
			juliet <- <presence from='iago@b.lit' to='juliet@a.lit/balcony' type='error' id='2'>NOTACCEPTABLE</presence>
			away -> <presence from='iago@b.lit' to='juliet@a.lit' type='probe'/>
			juliet -> <iq type='set' id='3'><query PV><active/></query></iq>
			away <- <presence from='juliet@a.lit/balcony' to='iago@b.lit'><show>away</show></presence>
			juliet <- RESULT'3'/>
		`)
	})
}
