package muc

import (
	"golang.org/x/text/secure/precis"

	"parley/stanza"
)

// prepareNick is a nickname as the room writes it (RFC 8266 section 2, Nickname
// Profile): white space at the ends goes, inside it becomes one space.
func prepareNick(nick string) (string, error) {
	if plain(nick) {
		return nick, nil
	}
	s, err := precis.Nickname.String(nick)
	if err != nil {
		return "", stanza.JIDMalformed // XEP-0045 section 17.1, Addresses
	}
	return s, nil
}

// nickKey is equal for nicknames that people take for the same (RFC 8266
// section 2.4, Comparison).
func nickKey(nick string) string {
	key, err := precis.Nickname.CompareKey(nick)
	if err != nil {
		return nick
	}
	return key
}

// plain says that preparing changes nothing.
func plain(nick string) bool {
	for i := range len(nick) {
		if c := nick[i]; c <= ' ' || c > '~' {
			return false
		}
	}
	return nick != ""
}
