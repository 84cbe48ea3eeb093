#!/bin/bash
# Gajim (nbxmpp, GLib's TLS) under Xvfb, driven by xmpp: URIs and keys: it enters
# a room, hears and speaks. It trusts certificates in a folder of its own.
. "$(dirname "$0")/../lib.sh"
me=gajim@$DOMAIN password=$(account gajim) room=cave@conference.$DOMAIN

display() {
	local number
	exec 8<> <(:)
	Xvfb -displayfd 8 -screen 0 1280x800x24 -ac -nolisten tcp >"$dir/xvfb.log" 2>&1 &
	pids+=($!)
	read -r -t 20 number <&8 && export DISPLAY=:$number
}

# Gajim refuses root.
nobody() {
	if [ "$(id -u)" = 0 ]; then set -- setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; fi
	"$@"
}
# address has the Gajim that runs open one.
address() {
	DBUS_SESSION_BUS_ADDRESS=$(cat "$dir/home/bus") nobody timeout 20 gajim "$1"
}
start() {
	"$interop/clients/gajim_account.py" "$XDG_CONFIG_HOME/gajim" "$me" "$password" \
		"$HOST" "$PORT" || return
	mkdir -p "$XDG_DATA_HOME/gajim/cert_store" && cp "$CERT" "$XDG_DATA_HOME/gajim/cert_store/server" &&
		mkdir -p -m 700 "$XDG_RUNTIME_DIR" || return
	if [ "$(id -u)" = 0 ]; then chown -R nobody:nogroup "$dir/home"; fi
	# shellcheck disable=SC2016 # the inner shell's
	nobody dbus-run-session -- sh -c 'echo "$DBUS_SESSION_BUS_ADDRESS" >"$0"; exec gajim -v' \
		"$dir/home/bus" >"$dir/gajim.log" 2>&1 &
	pids+=($!)
	until_true window
}
window() { xdotool search --onlyvisible --class gajim | grep -q .; }
screen() { tail -n 15 "$dir/gajim.log"; }
type_text() { xdotool type --delay 20 "$1" && sleep 0.5 && xdotool key Return; }

# stored holds when Gajim has kept a message with that text.
stored() {
	/usr/bin/python3 -c 'import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
sys.exit(not db.execute("select 1 from logs where message = ?", sys.argv[2:]).fetchone())' \
		"$XDG_DATA_HOME/gajim/logs.db" "$1"
}

# Its window for starting a chat asks the room what it is, and then offers to join.
enters() {
	ask "enter $room/contact" "presence $room/contact available.* 110" || return
	mark_log
	address "xmpp:$room?message" && sleep 2 && xdotool key Return && until_true asked &&
		xdotool key Return && heard "presence $room/gajim available"
}
asked() { tr '\n' ' ' <"$dir/gajim.log" | grep -q "muc#roominfo" && sleep 2; }
hears() { tell "speak $room room-news-1" && until_true stored room-news-1; }
# The line for messages is at the bottom of the window.
speaks() {
	local WIDTH HEIGHT X Y
	mark_log
	eval "$(xdotool search --onlyvisible --class gajim getwindowgeometry --shell %1)"
	xdotool mousemove $((X + WIDTH * 2 / 3)) $((Y + HEIGHT - 25)) click 1 && sleep 0.5 &&
		type_text said-by-gajim-1 && heard "message $room/gajim said-by-gajim-1"
}

export XDG_RUNTIME_DIR=$dir/home/run GTK_THEME=Adwaita NO_AT_BRIDGE=1 GDK_BACKEND=x11
export PYTHONUNBUFFERED=1 GSETTINGS_BACKEND=memory
contact_start
step "the contact logs in" ask online "online $CONTACT/contact" || finish
step "a display" display || finish
step "starts" start || finish
step "logs in over TLS" until_true over_tls "$me" SCRAM || finish
step "enters a room" enters || finish
step "hears what is said there" hears
step "speaks there" speaks
finish
