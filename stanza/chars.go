package stanza

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// Classes of ASCII characters.
const (
	isName     = 1 << iota // stands in a name, the colon excepted
	isStart                // begins a name
	isSpace                // white space (XML 1.0 section 2.3, S)
	isText                 // needs no look in character data
	isURI                  // stands for itself in a namespace name
	afterName              // may follow the name in a start tag
	isVerbatim             // is written as it is (see AppendEscaped)
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
		if c >= 0x20 && c != '<' && c != '&' && c != '>' {
			t[c] |= isText
		}
		if t[c]&isText != 0 && c != '\'' && c != '"' {
			t[c] |= isVerbatim
		}
	}
	for _, c := range " \t\r\n" {
		t[c] |= isSpace
	}
	for _, c := range " />" {
		t[c] |= afterName
	}
	// RFC 3986 section 2 (Characters) without the quotes and the ampersand.
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" +
		"0123456789-._~:/?#[]@!$()*+,;=%" {
		t[c] |= isURI
	}
	return t
}

// Eight bytes at a time: constants that repeat one byte.
const (
	ones   = 0x0101010101010101
	highs  = 0x80 * ones
	blanks = ' ' * ones
	twos   = 2 * ones
	lesses = '<' * ones
	angles = '>' * ones // '<' is the same but for the second bit
	ampers = '&' * ones
)

// zeros marks the bytes of x that are zero. The lowest mark is exact, marks
// above it may be false.
func zeros(x uint64) uint64 { return (x - ones) &^ x }

// beyond marks control characters and bytes that are not ASCII.
func beyond(x uint64) uint64 { return (x-blanks)&^x | x }

// textStops marks the bytes of character data that need a look.
func textStops(x uint64) uint64 {
	return (beyond(x) | zeros((x|twos)^angles) | zeros(x^ampers)) & highs
}

// valueStops marks the bytes that need a look in a value between quotes.
func valueStops(x, quotes uint64) uint64 {
	return (beyond(x) | zeros(x^lesses) | zeros(x^ampers) | zeros(x^quotes)) & highs
}

// skipText returns the first position from i on whose byte needs a look in
// character data, or len(b).
func skipText(b []byte, i int) int {
	for i+8 <= len(b) {
		if m := textStops(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(b) && class[b[i]]&isText != 0 {
		i++
	}
	return i
}

// skipValue returns the first position from i on whose byte needs a look in an
// attribute value, or len(b).
func skipValue(b []byte, i int, quote byte) int {
	quotes := uint64(quote) * ones
	for i+8 <= len(b) {
		if m := valueStops(binary.LittleEndian.Uint64(b[i:]), quotes); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(b) && class[b[i]]&isText != 0 && b[i] != quote {
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
