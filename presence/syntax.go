package presence

import (
	"strconv"
	"strings"

	"parley/router"
	"parley/stanza"
)

// priority is that of available presence: an integer between -128 and +127,
// zero if there is none (RFC 6121 section 4.7.2.3, Priority Element).
func priority(st *stanza.Stanza) (int8, error) {
	c, ok := st.Child("", "priority")
	if !ok {
		return 0, nil
	}
	text := strings.Trim(st.Element(c).Text, " \t\r\n")
	n, err := strconv.ParseInt(text, 10, 8)
	if err != nil {
		return 0, stanza.BadRequest.WithText("The priority is not a number from -128 to 127.")
	}
	return int8(n), nil
}

// status is the first text in which the user describes their availability
// (RFC 6121 section 4.7.2.2, Status Element).
func status(st *stanza.Stanza) string {
	c, ok := st.Child("", "status")
	if !ok {
		return ""
	}
	return st.Element(c).Text
}

// own is a copy of what the client sent, with the edits that were made to it,
// which does not hold the packet in memory.
func own(p *router.Packet) (*stanza.Stanza, error) {
	return stanza.Parse(string(p.Stanza.Append(nil, &p.Edits, stanza.Out{XMLNS: true})))
}

// gone is presence of type unavailable that the server makes.
func gone() *stanza.Stanza { return stanza.MustParse("<presence type='unavailable'/>") }
