#!/bin/bash
# profanity (libstrophe, OpenSSL) in tmux. It trusts SSL_CERT_FILE.
. "$(dirname "$0")/../lib.sh"
. "$interop/conversation.sh"
. "$interop/clients/profanity.sh"
me=profanity@$DOMAIN password=$(account profanity) mechanism=SCRAM-SHA-

refused() { on_screen 'Login failed'; }
ask_contact() { type_line "/sub request $CONTACT"; }
allow_contact() { shows 'Received authorization request' && type_line "/sub allow $CONTACT"; }
say() { type_line "/msg $CONTACT $1"; }
look_at_contact() { type_line "/msg $CONTACT"; }
change_password() {
	type_line "/win 1" && type_line "/changepassword" && shows 'Enter password:' && type_line "$1" &&
		shows 'Confirm password:' && type_line "$1" && shows 'Password.*changed'
}

conversation
finish
