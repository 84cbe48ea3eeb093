package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"unicode"
	"unicode/utf8"

	"parley/stanza"
)

// maxTrace is how many characters of trace information there may be (RFC 4505
// section 2, The Anonymous Mechanism).
const maxTrace = 255

// anonymous takes the one message of ANONYMOUS, trace information, which may be
// missing altogether (XEP-0175 section 4, Protocol Flow), and which we use for
// nothing. The stream gets an address of its own, a UUID (XEP-0175 section 3,
// Recommendations).
func (x *exchange) anonymous(_ context.Context, response []byte) ([]byte, step, error) {
	if !isTrace(string(response)) {
		return nil, nil, MalformedRequest.because("syntax error in ANONYMOUS message")
	}
	account, err := stanza.NewJID(newUUID(), x.conn.Domain, "")
	if err != nil {
		return nil, nil, TemporaryAuthFailure.from(err)
	}
	x.account = account
	x.result = Identity{JID: account, Mechanism: x.mechanism, Anonymous: true}
	return nil, nil, nil
}

// isTrace says whether trace information is of the right form: UTF-8 without
// control characters (RFC 4505 section 3, The "trace" Profile of "Stringprep").
func isTrace(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxTrace {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// newUUID makes a random UUID (RFC 4122 section 4.4, Algorithms for Creating a
// UUID from Truly Random or Pseudo-Random Numbers).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: the runtime ends the process instead
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
