# Sourced by the scripts of profanity: how it is started. They set me.
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
quit() { type_line /quit; }
