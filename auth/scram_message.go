package auth

import (
	"strings"
	"unicode/utf8"
)

// clientFirst is a client-first-message (RFC 5802 section 7, Formal Syntax).
type clientFirst struct {
	header  string // gs2-header, as it was sent
	flag    byte   // gs2-cbind-flag: 'n', 'y' or 'p'
	binding string // cb-name, after 'p'
	authzid string // empty for none
	bare    string // client-first-message-bare, as it was sent
	user    string
	nonce   string
}

// clientFinal is a client-final-message (RFC 5802 section 7, Formal Syntax).
type clientFinal struct {
	withoutProof string // client-final-message-without-proof, as it was sent
	input        []byte // cbind-input, decoded
	nonce        string
	proof        []byte
}

var (
	errSyntax = MalformedRequest.because("syntax error in SCRAM message")

	// The texts are the values for server-error of RFC 5802 section 7.
	errEncoding  = MalformedRequest.because("invalid-encoding")
	errExtension = MalformedRequest.because("extensions-not-supported")
)

// parseClientFirst reads gs2-header client-first-message-bare. The order of the
// attributes is fixed (RFC 5802 section 5.1, SCRAM Attributes).
func parseClientFirst(message string) (m clientFirst, err error) {
	if !isText(message) {
		return m, errEncoding
	}
	flag, rest, _ := strings.Cut(message, ",")
	authzid, bare, ok := strings.Cut(rest, ",")
	if !ok {
		return m, errSyntax
	}
	m.header, m.bare = message[:len(message)-len(bare)], bare
	if !m.setFlag(flag) {
		return m, errSyntax
	}
	if authzid != "" {
		if m.authzid, ok = saslname(authzid, "a="); !ok {
			return m, errSyntax
		}
	}
	err = m.parseBare()
	return m, err
}

// setFlag reads the gs2-cbind-flag; a message that begins with anything but
// "n", "y" or "p" fails (RFC 5802 section 5, SCRAM Authentication Exchange).
func (m *clientFirst) setFlag(flag string) bool {
	if flag == "n" || flag == "y" {
		m.flag = flag[0]
		return true
	}
	name, ok := strings.CutPrefix(flag, "p=")
	m.flag, m.binding = 'p', name
	return ok && name != "" &&
		strings.IndexFunc(name, func(r rune) bool { return !isBindingChar(r) }) < 0
}

// parseBare reads the attributes n and r. A mandatory extension before them
// fails, being unknown (RFC 5802 section 5.1, SCRAM Attributes, m).
func (m *clientFirst) parseBare() error {
	if strings.HasPrefix(m.bare, "m=") {
		return errExtension
	}
	user, rest, ok1 := strings.Cut(m.bare, ",")
	nonce, extensions, more := strings.Cut(rest, ",")
	nonce, ok2 := strings.CutPrefix(nonce, "r=")
	if !ok1 || !ok2 || !isNonce(nonce) {
		return errSyntax
	}
	m.nonce = nonce
	if m.user, ok1 = saslname(user, "n="); !ok1 {
		return errSyntax
	}
	if more {
		return checkExtensions(extensions)
	}
	return nil
}

// parseClientFinal reads channel-binding, nonce, extensions and proof.
func parseClientFinal(message string) (m clientFinal, err error) {
	if !isText(message) {
		return m, errEncoding
	}
	last := strings.LastIndexByte(message, ',')
	m.withoutProof = message[:max(last, 0)]
	proof, ok1 := strings.CutPrefix(message[last+1:], "p=")
	binding, rest, ok2 := strings.Cut(m.withoutProof, ",")
	binding, ok3 := strings.CutPrefix(binding, "c=")
	nonce, extensions, more := strings.Cut(rest, ",")
	nonce, ok4 := strings.CutPrefix(nonce, "r=")
	if !ok1 || !ok2 || !ok3 || !ok4 || !isNonce(nonce) {
		return m, errSyntax
	}
	m.nonce = nonce
	if more {
		if err := checkExtensions(extensions); err != nil {
			return m, err
		}
	}
	if m.input, err = decodeBase64(binding); err != nil {
		return m, errEncoding
	}
	if m.proof, err = decodeBase64(proof); err != nil {
		return m, errEncoding
	}
	return m, nil
}

// checkExtensions reads attributes at the place of extensions: unknown ones are
// ignored, a mandatory one fails, and those that are defined for another place
// are out of order (RFC 5802 section 5.1, SCRAM Attributes).
func checkExtensions(extensions string) error {
	for attr := range strings.SplitSeq(extensions, ",") {
		if len(attr) < 3 || !isAlpha(rune(attr[0])) || attr[1] != '=' {
			return errSyntax
		}
		if attr[0] == 'm' {
			return errExtension
		}
		if strings.IndexByte("anrcsipve", attr[0]) >= 0 {
			return errSyntax
		}
	}
	return nil
}

// saslname decodes an attribute whose value is a saslname: "=2C" and "=3D"
// stand for "," and "=", and any other "=" fails (RFC 5802 section 5.1, SCRAM
// Attributes, n).
func saslname(attr, prefix string) (name string, ok bool) {
	value, ok := strings.CutPrefix(attr, prefix)
	if !ok || value == "" {
		return "", false
	}
	before, rest, escaped := strings.Cut(value, "=")
	name = before
	for escaped {
		switch {
		case strings.HasPrefix(rest, "2C"):
			name += ","
		case strings.HasPrefix(rest, "3D"):
			name += "="
		default:
			return "", false
		}
		before, rest, escaped = strings.Cut(rest[2:], "=")
		name += before
	}
	return name, true
}

// isText says whether a message is UTF-8 without NUL (RFC 5802 section 7,
// Formal Syntax, value-safe-char).
func isText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// isNonce says whether a nonce is printable ASCII and not empty (RFC 5802
// section 7, Formal Syntax, c-nonce). It holds no comma, having been cut there.
func isNonce(s string) bool {
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e {
			return false
		}
	}
	return s != ""
}

// isBindingChar says what a cb-name is made of (RFC 5802 section 7, Formal
// Syntax).
func isBindingChar(r rune) bool {
	return isAlpha(r) || r >= '0' && r <= '9' || r == '.' || r == '-'
}

func isAlpha(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
