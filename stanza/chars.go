package stanza

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// Classes of ASCII characters.
const (
	isName  = 1 << iota // stands in a name, the colon excepted
	isStart             // begins a name
	isSpace             // white space (XML 1.0 section 2.3, S)
	isText              // stands for itself in character data
	isURI               // stands for itself in a namespace name
)

// class says to which classes a byte belongs.
var class = classes()

func classes() (t [256]uint8) {
	for c := range 0x80 {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		if letter || c == '_' {
			t[c] |= isName | isStart
		}
		if digit || c == '-' || c == '.' {
			t[c] |= isName
		}
		if c >= 0x20 && c != '<' && c != '&' && c != ']' {
			t[c] |= isText
		}
	}
	for _, c := range " \t\r\n" {
		t[c] |= isSpace | isText
	}
	// RFC 3986 section 2 (Characters) without the quotes and the ampersand.
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" +
		"0123456789-._~:/?#[]@!$()*+,;=%" {
		t[c] |= isURI
	}
	return t
}

// Eight bytes at a time.
const (
	ones     = 0x0101010101010101
	highs    = 0x80 * ones
	blanks   = ' ' * ones
	lessThan = '<' * ones
	ampers   = '&' * ones
	brackets = ']' * ones
)

// stops marks the bytes of x that a scan must look at: '<', '&', control
// characters, bytes that are not ASCII, and the byte that c repeats. The
// lowest mark is exact; marks above it may be false.
func stops(x, c uint64) uint64 {
	lt, amp, c := x^lessThan, x^ampers, x^c
	m := (x-blanks)&^x | (lt-ones)&^lt | (amp-ones)&^amp | (c-ones)&^c | x
	return m & highs
}

// skip returns the first position from i on whose byte must be looked at
// (see stops), or len(b).
func skip(b []byte, i int, c uint64) int {
	for i+8 <= len(b) {
		if m := stops(binary.LittleEndian.Uint64(b[i:]), c); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(b) && stops(uint64(b[i])|blanks&^0xFF, c)&0x80 == 0 {
		i++
	}
	return i
}

// runes checks characters outside ASCII from i on and returns where they end
// or, with cut, where one begins that is not complete. What is not UTF-8 is an
// encoding error (RFC 6120 section 4.9.3.22, unsupported-encoding), U+FFFE and
// U+FFFF are no characters of XML (XML 1.0 section 2.2, Char).
func runes(b []byte, i int) (int, *StreamError) {
	for i < len(b) && b[i] >= utf8.RuneSelf {
		if i+1 < len(b) && b[i] >= 0xC2 && b[i] <= 0xDF && b[i+1]&0xC0 == 0x80 {
			i += 2
			continue
		}
		r, size, err := decodeRune(b[i:])
		if err != nil {
			return i, err
		}
		if r == 0xFFFE || r == 0xFFFF {
			return i, errChar
		}
		i += size
	}
	return i, nil
}

// decodeRune is utf8.DecodeRune that tells a cut character from a wrong one.
func decodeRune(b []byte) (rune, int, *StreamError) {
	r, size := utf8.DecodeRune(b)
	if r == utf8.RuneError && size <= 1 {
		if !utf8.FullRune(b) {
			return 0, 0, cut
		}
		return 0, 0, errUTF8
	}
	return r, size, nil
}

// isChar says whether XML 1.0 allows the character (section 2.2, Char).
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD ||
		r >= 0x10000 && r <= 0x10FFFF
}

// view is b as a string for as long as nobody changes b.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf is s as bytes that nobody may change.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
