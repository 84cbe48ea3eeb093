# Sourced by the clients' scripts: steps, waiting, the contact, the terminal.
# In the environment: WORK HOST PORT DOMAIN CERT and, from run, the contact's
# account CONTACT and CONTACT_PASSWORD.
set -uo pipefail
export LC_ALL=C.UTF-8
interop=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
client=$(basename "$0" .sh) client=${client#*-}
dir=$WORK/$client
log=$dir/contact.log
terminals=0
passed=0 failures=0 pids=()
: "${LIMIT:=40}" # seconds for each step

mkdir -p "$dir/home"
chmod 700 "$dir/home"
export HOME=$dir/home XDG_CONFIG_HOME=$dir/home/config XDG_DATA_HOME=$dir/home/data
export XDG_CACHE_HOME=$dir/home/cache SSL_CERT_FILE=$CERT TERM=xterm-256color
unset DISPLAY TMUX

# step NAME COMMAND... prints PASS or FAIL.
step() {
	local name=$1
	shift
	if "$@" >"$dir/step.log" 2>&1; then
		passed=$((passed + 1))
		echo "PASS $client: $name"
		return 0
	fi
	failures=$((failures + 1))
	echo "FAIL $client: $name"
	{
		tail -n 5 "$dir/step.log"
		echo "-- screen"
		screen
		echo "-- contact"
		tail -n 8 "$log"
	} 2>/dev/null | sed 's/^/     | /'
	return 1
}

# until_true COMMAND... tries until it succeeds, LIMIT seconds at most.
until_true() {
	local end=$((SECONDS + LIMIT))
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "waited $LIMIT s for: $*"; return 1; }
		sleep 0.2
	done
}

# -- the contact

contact_start() {
	mkfifo "$dir/contact.in"
	: >"$log"
	mark=0
	"$interop/clients/contact.py" "$HOST" "$PORT" "$CERT" "$CONTACT/contact" "$CONTACT_PASSWORD" \
		"$log" <"$dir/contact.in" >"$dir/contact.out" 2>&1 &
	pids+=($!)
	exec 9>"$dir/contact.in"
}
tell() { echo "$*" >&9; }
# mark_log lets heard look only at what comes from here on.
mark_log() { mark=$(wc -l <"$log"); }
in_log() { tail -n "+$((mark + 1))" "$log" | grep -qE -- "$1"; }
heard() { until_true in_log "^$1"; }
# ask COMMAND EVENT tells the contact and waits for what must follow.
ask() { mark_log && tell "$1" && heard "$2"; }

# -- a client in a terminal

# Each terminal has a tmux of its own: one that ends takes its time.
tmux_() { tmux -S "$dir/tmux-$terminals" -f /dev/null "$@"; }
# terminal COMMAND... runs it in place of the shell, so that the pane's process is
# the client's; it has $rows rows.
terminal() {
	terminal_end
	terminals=$((terminals + 1))
	tmux_ new-session -d -s client -x 140 -y "${rows:-45}" "exec $* 2>>$dir/client.err"
	tmux_ set-option -t client remain-on-exit on
}
# terminal_end ends it, with a client that does not go when its terminal does.
terminal_end() {
	local pid
	pid=$(tmux_ display-message -p -t client '#{?pane_dead,,#{pane_pid}}' 2>/dev/null)
	tmux_ kill-server 2>/dev/null
	if [ -n "$pid" ]; then kill -9 "$pid" 2>/dev/null; fi
	return 0
}
screen() { tmux_ capture-pane -p -t client 2>/dev/null | tr -cd "[:print:]\n" | sed '/^ *$/d'; }
on_screen() { tmux_ capture-pane -p -t client | grep -qE -- "$1"; }
shows() { until_true on_screen "$1"; }
# type_line types slowly at first, as clients open a completion on the first key,
# and ends the line when the client shows it, if it does: what comes too fast is
# taken for pasted text, with the end of the line in it.
type_line() {
	tmux_ send-keys -t client -l -- "${1:0:1}" && sleep 0.15 &&
		tmux_ send-keys -t client -l -- "${1:1}" || return
	for _ in $(seq 20); do
		if tmux_ capture-pane -p -t client | grep -qF -- "$1"; then break; fi
		sleep 0.1
	done
	sleep 0.3
	tmux_ send-keys -t client Enter
}
client_pid() { tmux_ display-message -p -t client '#{pane_pid}'; }
kill_client() {
	local pid
	pid=$(client_pid) && kill -9 "$pid"
}

# account NAME makes it and prints the password.
account() { "$interop/server" account "$1"; }
# over_tls JID MECHANISM holds when the server shows that session so.
over_tls() { "$interop/server" sessions "$1" | tee /dev/stderr | grep -qE "TLS ?1\.[23].*$2"; }

finish() {
	local p
	terminal_end
	exec 9>&- # ends the contact
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
	for p in "${pids[@]}"; do wait "$p" 2>/dev/null; done
	echo "$passed passed, $failures failed"
	[ $failures = 0 ]
	exit
}
trap 'step "ended from outside" false; finish' TERM INT
