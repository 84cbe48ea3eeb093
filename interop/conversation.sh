# Sourced by the scripts of clients in a terminal: what each of them must be
# able to do. The client's script says how:
#   start PASSWORD   starts it and lets it log in
#   logged_in, refused          hold when the screen shows that
#   ask_contact, allow_contact  the two halves of a subscription
#   say TEXT, quit
#   look_at_contact             shows what the contact has written
#   change_password NEW         optional
# It sets me, the bare JID, and how it logs in: mechanism.

conversation() {
	contact_start
	step "the contact logs in" ask online "online $CONTACT/contact" || return
	step "a wrong password is refused" wrong_password
	step "logs in over TLS" login "$password" || return
	step "subscribes to the contact" subscribes
	step "the contact subscribes to it" contact_subscribes
	step "subscription is both ways" ask roster "roster $me both"
	step "a message to the contact" says
	step "a message from the contact" shows_message
	step "leaves, the contact sees it" leaves
	step "a message while it is offline" offline_message true
	step "a message while the contact is offline" contact_offline
	step "a killed client is noticed" killed
	step "a message kept over a restart of the server" offline_message restart
	if declare -F change_password >/dev/null; then
		step "changes its password" changes_password
	fi
}

# token makes a text that nothing else on a screen or in a log is.
token() { word="$1-$RANDOM$RANDOM"; }

wrong_password() {
	start "not-$password" && until_true refused && ! in_log "presence $me/"
	local held=$?
	terminal_end
	return $held
}

login() {
	start "$1" && until_true logged_in && until_true over_tls "$me" "$mechanism"
}

subscribes() {
	mark_log
	ask_contact && heard "presence $me subscribe$" && tell "approve $me" && heard "roster $me from"
}

contact_subscribes() {
	mark_log
	tell "subscribe $me" && allow_contact && heard "presence $me subscribed$" &&
		heard "presence $me/[^ ]* available"
}

says() {
	mark_log
	token out
	say "$word" && heard "message $me/[^ ]* $word"
}

shows_message() {
	token in
	tell "say $me $word" && look_at_contact && shows "$word"
}

leaves() {
	mark_log
	quit && heard "presence $me/[^ ]* unavailable"
}

# offline_message COMMAND has the contact write to the client that is offline;
# the server gets the command before the client comes back.
offline_message() {
	token stored
	tell "say $me $word" && ask roster "roster end" || return
	if [ "$1" != true ]; then
		mark_log
		"$interop/server" "$1" && heard offline && ask online "online" || return
	fi
	login "$password" && look_at_contact && shows "$word"
}

contact_offline() {
	ask offline offline || return
	token late
	say "$word"
	shows "$word" # before the contact has logged in again, the message is there
	ask online online && heard "message $me/[^ ]* delayed $word"
}

killed() {
	mark_log
	kill_client && heard "presence $me/[^ ]* unavailable"
}

changes_password() {
	local new=changed-$RANDOM
	change_password "$new" && leaves && login "$new" && leaves && wrong_old
}

# wrong_old: the old password is not good any more.
wrong_old() {
	start "$password" && until_true refused
}
