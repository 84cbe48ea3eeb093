#!/bin/bash
# profanity in rooms: one of its own, where it kicks, bans and configures, and one
# of the contact's, where it is kicked and banned.
. "$(dirname "$0")/../lib.sh"
. "$interop/clients/profanity.sh"
me=profanity-rooms@$DOMAIN password=$(account profanity-rooms)
rows=120 # the form of the configuration is long
own=cauldron@conference.$DOMAIN theirs=heath@conference.$DOMAIN

logs_in() { start "$password" && until_true logged_in; }
makes() {
	type_line "/join $own nick hag" && shows 'You have joined the room|requires config' &&
		type_line "/room accept" && ask "enter $own/contact" "presence $own/contact available.* 110"
}
says() {
	mark_log
	type_line said-by-profanity && heard "message $own/hag said-by-profanity"
}
hears() { tell "speak $own said-by-contact" && shows said-by-contact; }
sets_subject() {
	mark_log
	type_line '/subject set Double-trouble' && heard "message $own/hag subject Double-trouble"
}
kicks() {
	mark_log
	type_line '/kick contact Avaunt' && heard "presence $own/contact unavailable 110 307" &&
		ask "enter $own/contact" "presence $own/contact available.* 110"
}
bans() {
	mark_log
	type_line "/ban $CONTACT Treason" && heard "presence $own/contact unavailable 110 301" &&
		ask "enter $own/contact" "presence $own/contact error forbidden" &&
		type_line "/affiliation set none $CONTACT" && sleep 1 &&
		ask "enter $own/contact" "presence $own/contact available.* 110"
}
# configures edits the form, whose fields have numbers.
configures() {
	local archive='\[field([0-9]+)\] Messages are archived: TRUE'
	type_line "/room config" && shows "$archive" || return
	mark_log
	type_line "/field$(screen | sed -nE "s/.*$archive.*/\1/p") off" && type_line "/form submit" &&
		heard "message $own .*171"
}
enters() {
	ask "enter $theirs/contact" "presence $theirs/contact available.* 110" &&
		type_line "/join $theirs nick hag" && heard "presence $theirs/hag available"
}
is_kicked() {
	ask "item $theirs nick=hag role=none" "presence $theirs/hag unavailable 307" &&
		shows "Kicked from $theirs" && mark_log &&
		type_line "/join $theirs nick hag" && heard "presence $theirs/hag available"
}
is_banned() {
	ask "item $theirs jid=$me affiliation=outcast" "presence $theirs/hag unavailable 301" &&
		shows "Banned from $theirs" && type_line "/join $theirs nick hag" &&
		shows 'banned|forbidden|[Ee]rror joining'
}

contact_start
step "the contact logs in" ask online "online $CONTACT/contact" || finish
step "logs in" logs_in || finish
step "makes a room" makes || finish
step "speaks" says
step "hears" hears
step "sets the subject" sets_subject
step "kicks the contact" kicks
step "bans the contact and lets it in again" bans
step "configures the room" configures
step "enters the contact's room" enters
step "is kicked" is_kicked
step "is banned" is_banned
finish
