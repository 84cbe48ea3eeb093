package stanza

import (
	"strings"
)

// JID is an address in canonical form: localpart@domainpart/resourcepart
// (RFC 7622 section 3, Addresses). The zero value is no address. Equal
// addresses compare equal with ==, so a JID may be a map key. A JID made from
// a stanza shares that stanza's text; Clone what is kept for long.
type JID struct {
	s      string
	local  uint16 // length of the localpart, 0 for none
	domain uint16 // where the domainpart ends in s
}

// maxPart is how long a part may be (RFC 7622 sections 3.2 to 3.4).
const maxPart = 1023

// ParseJID prepares and checks an address (RFC 7622 section 3). An address
// that is canonical ASCII already is not copied.
func ParseJID(s string) (JID, error) {
	if j, ok := canonical(s); ok {
		return j, nil
	}
	return prepare(s)
}

// MustJID is ParseJID for addresses known to be valid; it panics otherwise.
func MustJID(s string) JID {
	j, err := ParseJID(s)
	if err != nil {
		panic(err)
	}
	return j
}

// String is the whole address, "" for the zero value.
func (j JID) String() string { return j.s }

// Local is the localpart, "" if there is none.
func (j JID) Local() string { return j.s[:j.local] }

// Domain is the domainpart.
func (j JID) Domain() string { return j.s[j.domainStart():j.domain] }

// Resource is the resourcepart, "" if there is none.
func (j JID) Resource() string {
	if !j.IsFull() {
		return ""
	}
	return j.s[j.domain+1:]
}

// domainStart is where the domainpart begins.
func (j JID) domainStart() uint16 {
	if j.local == 0 {
		return 0
	}
	return j.local + 1
}

// Bare is the address without its resourcepart; it does not allocate.
func (j JID) Bare() JID {
	j.s = j.s[:j.domain]
	return j
}

// Host is the domainpart as an address; it does not allocate.
func (j JID) Host() JID {
	d := j.Domain()
	return JID{s: d, domain: uint16(len(d))}
}

// IsZero says whether j is no address.
func (j JID) IsZero() bool { return j.s == "" }

// IsFull says whether there is a resourcepart.
func (j JID) IsFull() bool { return len(j.s) > int(j.domain) }

// IsHost says whether the address is a domainpart alone.
func (j JID) IsHost() bool { return j.local == 0 && len(j.s) == int(j.domain) && j.s != "" }

// Clone returns the same address in memory of its own.
func (j JID) Clone() JID {
	j.s = strings.Clone(j.s)
	return j
}

// canonical reads an address that preparation would not change: lower-case
// ASCII, the domainpart made of letters, digits, dots, hyphens and underscores.
func canonical(s string) (JID, bool) {
	local, i := 0, 0
	for ; i < len(s) && jidClass[s[i]]&inLocal != 0; i++ {
	}
	domain := 0
	if i < len(s) && s[i] == '@' {
		if i == 0 {
			return JID{}, false
		}
		local, domain = i, i+1
	}
	end := hostEnd(s, domain)
	if end < 0 || local > maxPart || end-domain > maxPart {
		return JID{}, false
	}
	j := JID{s: s, local: uint16(local), domain: uint16(end)}
	if end == len(s) {
		return j, true
	}
	return j, s[end] == '/' && isPlainResource(s[end+1:])
}

// hostEnd returns where the plain domain name that begins at i ends, -1 if it
// needs a closer look: so does one that could be an IPv4 address, or has a
// label in the form of an A-label ("xn--").
func hostEnd(s string, i int) int {
	label := i
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case jidClass[c]&inLabel != 0:
			continue
		case c == '/':
			if !plainLabel(s[label:i]) {
				return -1
			}
			return i
		case c != '.' || !plainLabel(s[label:i]):
			return -1
		}
		label = i + 1
	}
	if !plainLabel(s[label:]) {
		return -1
	}
	return i
}

// plainLabel says whether IDNA would leave a label of plain characters alone.
func plainLabel(l string) bool {
	n := len(l)
	return n > 0 && n <= 63 && l[0] != '-' && l[n-1] != '-' && (n < 4 || l[2] != '-' || l[3] != '-')
}

// isPlainResource says whether OpaqueString would leave s alone.
func isPlainResource(s string) bool {
	if s == "" || len(s) > maxPart {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Classes of characters in addresses.
const (
	inLocal = 1 << iota // localpart: UsernameCaseMapped leaves it alone
	inLabel             // domainpart
)

var jidClass = jidClasses()

func jidClasses() (t [256]uint8) {
	for c := byte('!'); c <= '~'; c++ {
		if (c < 'A' || c > 'Z') && !strings.ContainsRune(forbidden, rune(c)) {
			t[c] |= inLocal
		}
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			t[c] |= inLabel
		}
	}
	return t
}

// forbidden are the characters that a localpart must not hold although its
// PRECIS profile allows them (RFC 7622 section 3.3.1, Further Excluded
// Characters).
const forbidden = "\"&'/:<>@"
