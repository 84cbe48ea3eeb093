// Package xmpptest runs conversations: text files that say who sends what and
// who must receive what, against any XMPP server that can be dialled. It reads
// what comes with encoding/xml, not with our own scanner, so that a defect of
// the scanner does not hide itself.
//
// A script is a list of steps, one a line; XML stands indented below its step.
//
//	# A chat message to a full JID (RFC 6121 section 8.5.3.1)
//	alice/phone is online
//	bob/home is online
//	alice/phone sends
//	  <message to='{bob/home}' type='chat' id='1'><body>hi</body></message>
//	bob/home receives
//	  <message from='{alice/phone}' to='{bob/home}' type='chat' id='1'><body>hi</body></message>
//	alice/phone receives nothing
//
// "alice has sent" and "alice and bob are friends" are done by sessions of their
// own before the next step. An account is made when its first client connects,
// or by "bob exists".
//
// {alice} is alice's bare JID, {alice/phone} the full one, {domain} the
// server's domain, {user alice} alice's user name, {plain alice PASSWORD} a SASL PLAIN
// message in base64, {plain alice as bob} one with an authorization identity,
// {b64 TEXT} any text in base64, {ht alice $token} a proof of a token that came
// (HT-SHA-256-NONE), {repeat N TEXT} many of it, {$name} what $name
// stood for. In what is received, an attribute or text * is anything,
// an attribute - is absent, $name is whatever it is the first time and the
// same from then on, attributes that are not named may be there, children
// that are not named may not, unless <more/> stands among them (or a child says
// where a message is in its receiver's archive). At the end of a script nobody
// may have received more than the script says.
//
// {rooms} is the room service of alice's server, {room coven} a room there,
// {pubsub} its pubsub service.
// "bob enters coven as secondwitch" has a client enter it and read all that it is
// sent up to the subject; those who entered it so before read its presence.
// "alice configures coven membersonly=1 maxusers=2" changes settings, without
// muc#roomconfig_, and all inside read the news; "alice makes bob member in
// coven" is for somebody who is not inside.
//
// A line "needs: WORD..." asks for a server of a kind; "together: REASON" says
// why the script is not for users on several servers (Parted), where {domain}
// is that of the server whose user acts.
package xmpptest
