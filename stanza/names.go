package stanza

import "unicode"

// isNameStart says whether a character outside ASCII may begin a name.
func isNameStart(r rune) bool { return unicode.Is(nameStart, r) }

// isNameRune says whether a character outside ASCII may stand in a name.
func isNameRune(r rune) bool { return isNameStart(r) || unicode.Is(nameRest, r) }
