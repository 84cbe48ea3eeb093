#!/bin/bash
# profanity (libstrophe, OpenSSL) in tmux. It trusts SSL_CERT_FILE.
. "$(dirname "$0")/../lib.sh"
. "$interop/conversation.sh"
me=profanity@$DOMAIN password=$(account profanity) mechanism=SCRAM-SHA-

start() {
	mkdir -p "$XDG_DATA_HOME/profanity" "$XDG_CONFIG_HOME/profanity"
	cat >"$XDG_DATA_HOME/profanity/accounts" <<-CONF
		[$me]
		enabled=true
		jid=$me
		resource=profanity
		server=$HOST
		port=$PORT
		tls.policy=force
		password=$1
		presence.last=online
		presence.login=online
	CONF
	# Typing notifications would reach the contact between the messages.
	cat >"$XDG_CONFIG_HOME/profanity/profrc" <<-CONF
		[notifications]
		message=false
		[chatstates]
		outtype=false
		enabled=false
		[connection]
		reconnect=0
		autoping=0
	CONF
	terminal profanity -l DEBUG -f "$dir/profanity.log" -a "$me"
}
logged_in() { on_screen "$me/profanity logged in successfully"; }
refused() { on_screen 'Login failed'; }
ask_contact() { type_line "/sub request $CONTACT"; }
allow_contact() { shows 'Received authorization request' && type_line "/sub allow $CONTACT"; }
say() { type_line "/msg $CONTACT $1"; }
look_at_contact() { type_line "/msg $CONTACT"; }
quit() { type_line /quit; }
change_password() {
	type_line "/win 1" && type_line "/changepassword" && shows 'Enter password:' && type_line "$1" &&
		shows 'Confirm password:' && type_line "$1" && shows 'Password.*changed'
}

conversation
finish
