package xep_test

import (
	"strings"
	"testing"
	"time"
)

// commandCond is an error of XEP-0050 section 4.4, Possible Errors.
func commandCond(typ, name, own string) string {
	return strings.Replace(cond(typ, name), "</error>",
		"<"+own+" xmlns='http://jabber.org/protocol/commands'/></error>", 1)
}

// TestCommandSessions holds XEP-0050 sections 3.3, Session Lifetime, and 4.4,
// Possible Errors.
func TestCommandSessions(t *testing.T) {
	const add, del = nsAdmin + "add-user", nsAdmin + "delete-user"
	const empty = "<x xmlns='jabber:x:data' type='submit'/>"
	runAdmin(t, "", func(w *service) {
		w.Login("desk", "bard@a.lit/desk")
		refuses := func(who, payload, e string) {
			t.Helper()
			got := answer(w.World, who, "set", "a.lit", payload)
			want(t, payload, got, "type='error' ", e)
		}
		expired := commandCond("cancel", "not-allowed", "session-expired")
		id := w.begin(add)
		session := " sessionid='" + id + "'"
		// A session is its requester's and its command's.
		refuses("desk", command(add, session, empty), expired)
		refuses("juliet", command(add, session, empty), cond("auth", "forbidden"))
		refuses("bard", command(del, session, empty), expired)
		refuses("bard", command(add, "", empty), commandCond("modify", "bad-request", "bad-sessionid"))
		refuses("bard", command(add, " action='cancel'", ""), commandCond("modify", "bad-request", "bad-sessionid"))
		refuses("bard", command(add, session, ""), commandCond("modify", "bad-request", "bad-payload"))
		refuses("bard", command(add, session+" action='prev'", empty),
			commandCond("modify", "bad-request", "bad-action"))
		refuses("bard", command(add, " action='dance'", ""), commandCond("modify", "bad-request", "malformed-action"))
		refuses("bard", command("none", "", ""), cond("cancel", "item-not-found"))

		// What was refused may be sent again, in a form of type cancel too (section
		// 3.5.1, Use of Data Forms); then the session has ended.
		want(t, "again", w.submit(add, id, "cancel", "accountjid=x@a.lit", "password=a", "password-verify=a"),
			"status='completed'", session)
		want(t, "ended", w.submit(add, id, "submit"), "<session-expired ")

		// Nobody waits for a form for ever.
		id = w.begin(add)
		time.Sleep(11 * time.Minute)
		want(t, "late", w.submit(add, id, "submit"), "<session-expired ")
		id = w.begin(add)
		want(t, "cancel",
			answer(w.World, "bard", "set", "a.lit", command(add, " action='cancel' sessionid='"+id+"'", "")),
			"status='canceled'")
		want(t, "canceled", w.submit(add, id, "submit"), "<session-expired ")
	})
}

// There are so many sessions and no more, until they are over.
func TestCommandSessionsAreBounded(t *testing.T) {
	runAdmin(t, "", func(w *service) {
		first := w.begin(nsAdmin + "add-user")
		for range 999 {
			w.begin(nsAdmin + "add-user")
		}
		ask(w.World, question{"bard", "set", "a.lit", command(nsAdmin+"add-user", "", ""), "!wait resource-constraint"})
		want(t, "first", w.submit(nsAdmin+"add-user", first, "submit"), "<bad-payload ")
		time.Sleep(11 * time.Minute)
		w.begin(nsAdmin + "add-user")
	})
}

// Who ceases to be an administrator cannot go on, not even with an open form.
func TestCommandsOfFormerAdmin(t *testing.T) {
	runAdmin(t, "", func(w *service) {
		id := w.begin(nsAdmin + "add-user")
		next := *w.Router.Config()
		next.Admins = []string{"juliet@a.lit"}
		w.Router.SetConfig(&next)
		want(t, "submit", w.submit(nsAdmin+"add-user", id, "submit"), "<forbidden ")
		ask(w.World, question{"bard", "get", "a.lit", commandItems, commandItems})
		if got := answer(w.World, "juliet", "get", "a.lit", commandItems); !strings.Contains(got, "#shutdown") {
			t.Errorf("juliet's commands: %s", got)
		}
	})
}

const commandItems = "<query xmlns='http://jabber.org/protocol/disco#items' " +
	"node='http://jabber.org/protocol/commands'/>"

// TestCommandDisco holds XEP-0050 section 2.2, Retrieving the Command List: at
// the host, not at accounts, and for administrators logged in here.
func TestCommandDisco(t *testing.T) {
	about := func(node string) string {
		return "<query xmlns='http://jabber.org/protocol/disco#info' node='" + node + "'/>"
	}
	runAdmin(t, "", func(w *service) {
		itemsOf := strings.Replace(commandItems, "node='http://jabber.org/protocol/commands'",
			"node='"+nsAdmin+"announce'", 1)
		ask(w.World,
			question{"juliet", "get", "a.lit", commandItems, commandItems},
			question{"juliet", "get", "a.lit", about(nsAdmin + "announce"), "!auth forbidden"},
			question{"bard", "get", "a.lit", itemsOf, itemsOf},
			question{"bard", "get", "bard@a.lit", commandItems, "!cancel item-not-found"},
			question{"bard", "get", "", about(nsAdmin + "announce"), "!cancel item-not-found"},
			question{"bard", "get", "a.lit", about(nsAdmin + "announce"),
				"<query xmlns='http://jabber.org/protocol/disco#info' node='" + nsAdmin + "announce'>" +
					"<identity category='automation' type='command-node' name='Send Announcement to Online Users'/>" +
					"<feature var='http://jabber.org/protocol/commands'/><feature var='jabber:x:data'/></query>"},
		)
		w.Talk("away -> <iq type='set' id='1' from='bard@b.lit/x' to='a.lit'>" + command(nsAdmin+"announce", "", "") +
			"</iq>\naway <- <iq type='error' id='1' from='a.lit' to='bard@b.lit/x'>" +
			cond("auth", "forbidden") + "</iq>")
	})
}
