#!/bin/bash
# go-sendxmpp (mattn/go-xmpp, Go's TLS): one program sends and ends, another
# listens. It has no commands for roster and password: the steps for these are
# the other clients'. It trusts SSL_CERT_FILE.
. "$(dirname "$0")/../lib.sh"
me=go-sendxmpp@$DOMAIN password=$(account go-sendxmpp)

# send TLS_OPTION ADDRESS PASSWORD TO TEXT
send() {
	timeout "$LIMIT" go-sendxmpp $1 -u "$me" -p "$3" -j "$2" "$4" <<<"$5"
}
listen() {
	: >"$dir/listen"
	go-sendxmpp -u "$me" -p "$password" -j "$HOST:$PORT" -l "$CONTACT" >"$dir/listen" 2>&1 &
	listener=$!
	pids+=("$listener")
	until_true over_tls "$me" ""
}
listened() { grep -qaF -- "$1" "$dir/listen"; }

says() {
	local word=out-$RANDOM$RANDOM
	mark_log
	send "$1" "$2" "$password" "$CONTACT" "$word" && heard "message $me/[^ ]* $word"
}
hears() {
	local word=in-$RANDOM$RANDOM
	tell "say $me $word" && until_true listened "$word"
}
gone() { ! over_tls "$me" ""; }
while_away() {
	kill -9 "$listener"
	until_true gone || return
	local word=stored-$RANDOM$RANDOM
	tell "say $me $word" && ask roster "roster end" && listen && until_true listened "$word"
}
contact_away() {
	local word=late-$RANDOM$RANDOM
	ask offline offline && send "" "$HOST:$PORT" "$password" "$CONTACT" "$word" &&
		ask online online && heard "message $me/[^ ]* delayed $word"
}
to_itself() {
	local word=self-$RANDOM$RANDOM
	send "" "$HOST:$PORT" "$password" "$me" "$word"
}

contact_start
step "the contact logs in" ask online "online $CONTACT/contact" || finish
step "a wrong password is refused" bash -c '! go-sendxmpp -u "$0" -p not-it -j "$1" "$2" <<<x' \
	"$me" "$HOST:$PORT" "$CONTACT"
step "a message by STARTTLS" says "" "$HOST:$PORT"
step "a message by direct TLS" says -t "$HOST:$PORT_TLS"
step "listens, over TLS" listen
step "a message from the contact" hears
step "a message to itself" to_itself
step "a message while it is offline" while_away
step "a message while the contact is offline" contact_away
finish
