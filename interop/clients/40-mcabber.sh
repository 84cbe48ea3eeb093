#!/bin/bash
# mcabber (loudmouth, GnuTLS) in tmux: logs in as RFC 3921 has it, with a session
# request, and by PLAIN. It trusts ssl_ca.
. "$(dirname "$0")/../lib.sh"
. "$interop/conversation.sh"
me=mcabber@$DOMAIN password=$(account mcabber) mechanism=

start() {
	mkdir -p "$dir/home/.mcabber"
	cat >"$dir/home/.mcabber/mcabberrc" <<-CONF
		set jid = $me
		set resource = mcabber
		set disable_random_resource = 1
		set password = $1
		set server = $HOST
		set port = $PORT
		set tls = 1
		set ssl_ca = $CERT
		set autoaway = 0
		set disable_chatstates = 1
		set beep_on_message = 0
		set tracelog_level = 3
		set tracelog_file = $dir/mcabber.trace
	CONF
	chmod -R go-rwx "$dir/home/.mcabber"
	: >"$dir/mcabber.trace"
	terminal mcabber -f "$dir/home/.mcabber/mcabberrc"
}
logged_in() { grep -q '<session xmlns="urn:ietf:params:xml:ns:xmpp-session"' "$dir/mcabber.trace" &&
	on_screen 'Your status has been set'; }
refused() { grep -qi 'authentication failed' "$dir/mcabber.trace"; }
ask_contact() { type_line "/add $CONTACT"; }
allow_contact() { type_line "/event * accept"; }
say() { type_line "/say_to -q $CONTACT $1"; }
# Enter on an empty line opens the buddy's window.
look_at_contact() { type_line "/roster search $CONTACT" && tmux_ send-keys -t client Enter; }
quit() { type_line /quit; }

conversation
finish
