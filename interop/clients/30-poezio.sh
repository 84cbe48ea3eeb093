#!/bin/bash
# poezio (slixmpp) in tmux. It trusts ca_cert_path, and does not run as root.
. "$(dirname "$0")/../lib.sh"
. "$interop/conversation.sh"
me=poezio@$DOMAIN password=$(account poezio)
mechanism=PLAIN # where slixmpp 1.8 arrives on TLS 1.3; see README

start() {
	mkdir -p "$XDG_CONFIG_HOME/poezio" "$XDG_DATA_HOME" "$XDG_CACHE_HOME"
	cat >"$XDG_CONFIG_HOME/poezio/poezio.cfg" <<-CONF
		[Poezio]
		jid = $me/poezio
		password = $1
		custom_host = $HOST
		custom_port = $PORT
		ca_cert_path = $CERT
		certificate =
		auto_reconnect = false
		use_log = false
		send_chat_states = false
		beep_on =
		rooms =
	CONF
	chown -R nobody:nogroup "$dir/home"
	chmod 755 "$dir"
	terminal setpriv --reuid=nobody --regid=nogroup --clear-groups poezio \
		-f "$XDG_CONFIG_HOME/poezio/poezio.cfg"
}
logged_in() { on_screen "Your JID is $me/poezio"; }
refused() { on_screen 'Authentication failed'; }
ask_contact() { type_line "/add $CONTACT"; }
allow_contact() { :; } # it approves by itself whom it has subscribed to
say() { type_line "/message $CONTACT $1"; }
look_at_contact() { type_line "/message $CONTACT"; }
quit() { type_line /quit; }

conversation
finish
