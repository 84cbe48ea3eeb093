package auth

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// PreparePassword brings a password into the one form that verifiers are made
// of, and that PLAIN compares.
//
// A SCRAM client hashes what SASLprep gives (RFC 5802 section 2.2, Notation),
// and the server never sees more than the hash, so its own form has to be
// SASLprep's: spaces become U+0020 and invisible characters go (RFC 4013
// section 2.1, Mapping), then NFKC (RFC 4013 section 2.2, Normalization).
// OpaqueString (RFC 8265 section 4.2, OpaqueString Profile), which has replaced
// SASLprep for passwords, has NFC there; a client that follows it to the letter
// fails with a password such as "½". What may be in a password at all is
// OpaqueString's rule, since SASLprep knows no character younger than
// Unicode 3.2 (no emoji) and forbids a final digit in Arabic or Hebrew.
func PreparePassword(password string) (string, error) {
	if isPrintableASCII(password) {
		return password, nil
	}
	if !utf8.ValidString(password) {
		return "", errors.New("prepare password: not UTF-8")
	}
	mapped := norm.NFKC.String(strings.Map(saslprepMap, password))
	prepared, err := precis.OpaqueString.String(mapped)
	if err != nil {
		return "", fmt.Errorf("prepare password: %w", err)
	}
	return prepared, nil
}

// isPrintableASCII holds for strings that every preparation leaves as they are.
func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return s != ""
}

// saslprepMap does the two mappings of RFC 4013 section 2.1, Mapping.
func saslprepMap(r rune) rune {
	switch {
	case r > unicode.MaxASCII && unicode.Is(unicode.Zs, r), r == 0x200b:
		return ' ' // (RFC 3454 appendix C.1.2, Non-ASCII space characters)
	case r == 0x00ad, r == 0x034f, r == 0x1806,
		r >= 0x180b && r <= 0x180d, r == 0x200c, r == 0x200d,
		r == 0x2060, r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff:
		return -1 // (RFC 3454 appendix B.1, Commonly mapped to nothing)
	}
	return r
}
