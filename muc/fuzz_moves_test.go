package muc

import (
	"fmt"
	"strings"
)

// moves are what can be done; what is there twice is done more often.
var moves = []string{"enter", "enter", "enter", "enter", "leave", "speak", "speak", "speak",
	"subject", "private", "role", "role", "affiliation", "affiliation", "items",
	"configure", "configure",
	"destroy", "list", "form", "register", "voice", "invite", "update", "logout", "wait", "moderate",
	"disco", "odd", "chorus", "chorus"}

// act is one move.
type act struct {
	kind string
	who  *player
	by   rank // the rank of who does it, before
}

// choose is one of a list.
func choose[T any](list []T, b byte) T { return list[int(b)%len(list)] }

func (a act) stanza(x, y byte) string {
	nick := choose(fuzzNicks[:], x)
	switch a.kind {
	case "enter":
		password := ""
		if y%3 > 0 {
			password = "<password>secret</password>"
		}
		return fmt.Sprintf("<presence to='%s/%s'><x xmlns='%s'>%s</x></presence>", fuzzRoom, nick,
			nsMUC, password)
	case "leave":
		return fmt.Sprintf("<presence type='unavailable' to='%s/%s'/>", fuzzRoom, nick)
	case "update":
		return fmt.Sprintf("<presence to='%s/%s'><show>away</show></presence>", fuzzRoom, nick)
	case "speak":
		return fmt.Sprintf("<message type='groupchat' to='%s' id='m%d'><body>said %d</body></message>",
			fuzzRoom, y, y)
	case "subject":
		return fmt.Sprintf("<message type='groupchat' to='%s'><subject>%d</subject></message>",
			fuzzRoom, y)
	case "private":
		return fmt.Sprintf("<message type='chat' to='%s/%s'><body>psst</body></message>", fuzzRoom, nick)
	case "voice":
		return fmt.Sprintf("<message to='%s'>%s</message>", fuzzRoom, fuzzForm("muc#request",
			"muc#role", "participant", "muc#roomnick", nick, "muc#request_allow", fmt.Sprint(y%2)))
	case "invite":
		return fmt.Sprintf("<message to='%s'><x xmlns='%s'><invite to='%s@a.lit'/></x></message>",
			fuzzRoom, nsUser, choose(fuzzUsers[:], x))
	case "odd":
		return choose(oddStanzas, x)
	}
	return a.request(x, y)
}

// request is an iq.
func (a act) request(x, y byte) string {
	typ, payload := "set", ""
	switch a.kind {
	case "role":
		payload = fuzzAdmin(fuzzRole(x, y))
	case "affiliation":
		payload = fuzzAdmin(fuzzAffiliation(x, y))
	case "items":
		payload = fuzzAdmin(fuzzAffiliation(x, y) + fuzzRole(y, x) + fuzzAffiliation(x+1, y/3))
	case "list":
		typ, payload = "get", fuzzAdmin(choose([]string{"<item affiliation='owner'/>",
			"<item affiliation='admin'/>", "<item affiliation='member'/>",
			"<item affiliation='outcast'/>", "<item role='moderator'/>",
			"<item role='participant'/>", "<item role='visitor'/>"}, x))
	case "configure":
		payload = "<query xmlns='" + nsOwner + "'>" + fuzzForm("muc#roomconfig", fuzzSetting(x, y)...) +
			"</query>"
	case "form":
		typ, payload = "get", "<query xmlns='"+nsOwner+"'/>"
	case "destroy":
		if x%4 > 0 {
			typ, payload = "get", "<query xmlns='jabber:iq:register'/>"
			break
		}
		payload = "<query xmlns='" + nsOwner + "'><destroy jid='other@" + fuzzHost + "'/></query>"
	case "register":
		payload = "<query xmlns='jabber:iq:register'>" + fuzzForm("muc#register",
			"muc#register_roomnick", choose([]string{"alpha", "beta", "gamma"}, x)) + "</query>"
	case "moderate":
		payload = fmt.Sprintf("<moderate id='%d' xmlns='urn:xmpp:message-moderate:1'>"+
			"<retract xmlns='urn:xmpp:message-retract:1'/></moderate>", x%16)
	case "disco":
		typ, payload = "get", "<query xmlns='http://jabber.org/protocol/disco#"+
			choose([]string{"info", "items"}, x)+"'/>"
	}
	to := fuzzRoom
	if a.kind == "disco" && y%2 == 0 {
		to += "/" + strings.TrimSpace(choose(fuzzNicks[:], y))
	}
	return fmt.Sprintf("<iq type='%s' id='i' to='%s'>%s</iq>", typ, to, payload)
}

func fuzzAdmin(items string) string {
	return "<query xmlns='" + nsAdmin + "'>" + items + "</query>"
}

func fuzzRole(x, y byte) string {
	return fmt.Sprintf("<item nick='%s' role='%s'/>", choose(fuzzNicks[:], x),
		choose([]string{"none", "visitor", "participant", "moderator"}, y))
}

func fuzzAffiliation(x, y byte) string {
	jid := choose([]string{"ann@a.lit", "bea@a.lit", "cat@a.lit", "dan@a.lit", "a.lit",
		"eve@b.lit"}, x)
	nick := ""
	if y&64 > 0 {
		nick = " nick='" + choose([]string{"alpha", "beta", "gamma", ""}, y>>4) + "'"
	}
	return fmt.Sprintf("<item jid='%s' affiliation='%s'%s/>", jid,
		choose([]string{"none", "outcast", "member", "admin", "owner"}, y), nick)
}

// fuzzForm is a filled in form: names and values.
func fuzzForm(form string, fields ...string) string {
	b := "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>" +
		"http://jabber.org/protocol/" + form + "</value></field>"
	for i := 0; i+1 < len(fields); i += 2 {
		b += "<field var='" + fields[i] + "'><value>" + fields[i+1] + "</value></field>"
	}
	return b + "</x>"
}

// fuzzSetting is one setting of a room or two.
func fuzzSetting(x, y byte) []string {
	flag := fmt.Sprint(y % 2)
	const c = "muc#roomconfig_"
	return [][]string{
		{c + "membersonly", flag}, {c + "moderatedroom", flag}, {c + "persistentroom", flag},
		{c + "whois", choose([]string{"anyone", "moderators"}, y)}, {c + "changesubject", flag},
		{c + "passwordprotectedroom", flag, c + "roomsecret", "secret"}, {c + "allowinvites", flag},
		{c + "maxusers", fmt.Sprint(2 + y%4)}, {c + "publicroom", flag},
		{c + "roomadmins", choose(fuzzUsers[:], y) + "@a.lit"},
		{c + "roomowners", choose(fuzzUsers[:], y) + "@a.lit"},
		{c + "presencebroadcast", choose([]string{"moderator", "participant", "visitor"}, y)},
		{c + "roomname", "a name", c + "moderatedroom", flag},
		{c + "maxusers", "none", c + "membersonly", "perhaps"},
		{},
	}[int(x)%15]
}

// oddStanzas are what no client should send.
var oddStanzas = []string{
	"<presence to='" + fuzzRoom + "'/>",
	"<presence type='subscribe' to='" + fuzzRoom + "'/>",
	"<presence type='probe' to='" + fuzzRoom + "/alpha'/>",
	"<presence type='unavailable' to='" + fuzzRoom + "'/>",
	"<presence to='" + fuzzRoom + "/alpha'/>",
	"<presence to='" + fuzzRoom + "/&#x200B;'><x xmlns='" + nsMUC + "'/></presence>",
	"<presence to='" + fuzzRoom + "/beta'><x xmlns='" + nsUser + "'><item role='moderator' " +
		"affiliation='owner'/></x></presence>",
	"<presence type='error' to='" + fuzzRoom + "/alpha'><error type='cancel'><item-not-found " +
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
	"<message type='error' to='" + fuzzRoom + "'><error type='cancel'><gone " +
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
	"<message to='" + fuzzRoom + "'/>",
	"<message type='groupchat' to='" + fuzzRoom + "/alpha'><body>x</body></message>",
	"<message type='groupchat' to='" + fuzzRoom + "'/>",
	"<message type='groupchat' to='" + fuzzRoom + "'><subject/></message>",
	"<message to='" + fuzzRoom + "'><x xmlns='" + nsUser + "'><decline to='bea@a.lit'/></x></message>",
	"<message to='" + fuzzRoom + "'><x xmlns='" + nsUser + "'><invite/></x></message>",
	"<message to='" + fuzzRoom + "'><x xmlns='" + nsUser + "'><invite to='@@'/><invite " +
		"to='dan@a.lit'/></x></message>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><query xmlns='" + nsAdmin + "'/></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><query xmlns='" + nsAdmin + "'><item/></query></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><query xmlns='" + nsAdmin + "'><item nick='alpha' " +
		"role='none' affiliation='outcast'/></query></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><query xmlns='" + nsAdmin + "'><item " +
		"jid='r@conference.a.lit/alpha' affiliation='owner'/></query></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><query xmlns='" + nsOwner + "'/></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><query xmlns='" + nsOwner + "'><x " +
		"xmlns='jabber:x:data' type='cancel'/></query></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><query xmlns='" + nsOwner + "'><x " +
		"xmlns='jabber:x:data' type='submit'/></query></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "/alpha'><query xmlns='" + nsAdmin + "'><item " +
		"nick='alpha' role='none'/></query></iq>",
	"<iq type='get' id='o' to='" + fuzzRoom + "/alpha'><ping xmlns='urn:xmpp:ping'/></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><query xmlns='urn:xmpp:mam:2'/></iq>",
	"<iq type='get' id='o' to='" + fuzzRoom + "'><vCard xmlns='vcard-temp'/></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><vCard xmlns='vcard-temp'/></iq>",
	"<iq type='set' id='o' to='" + fuzzRoom + "'><query xmlns='jabber:iq:register'><remove/>" +
		"</query></iq>",
	"<iq type='get' id='o' to='" + fuzzRoom + "'><query " +
		"xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/></iq>",
}
