package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// readCorpus reads the files of Go's fuzzer: each string or byte slice in them
// may be a stream, and a tape.
func readCorpus(dir string) (streams []string, tapes [][]byte, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, nil, err
		}
		for line := range strings.Lines(string(text)) {
			if s, ok := fuzzValue(strings.TrimSpace(line)); ok {
				streams, tapes = append(streams, s), append(tapes, []byte(s))
			}
		}
	}
	return streams, tapes, nil
}

// fuzzValue reads a line like []byte("…") or string("…").
func fuzzValue(line string) (string, bool) {
	for _, typ := range []string{"[]byte(", "string("} {
		if rest, ok := strings.CutPrefix(line, typ); ok {
			s, err := strconv.Unquote(strings.TrimSuffix(rest, ")"))
			return s, err == nil
		}
	}
	return "", false
}

// pieces are what mutations insert.
var pieces = []string{
	"<", ">", "/>", "</", "'", "\"", "=", " ", "&", ";", "&amp;", "&#x41;", "&#38;", "]]>", "]]",
	"<![CDATA[", "<a>", "</a>", "<a/>", " xmlns='urn:a'", " xmlns:a='urn:a'", " xmlns:b='urn:a'",
	" a:x='1'", " b:x='1'", " x='1'", " xmlns=''", " xmlns:a=''", "a:", ":", "xml:", "xmlns:",
	"xmlns", "<!--", "-->", "<?x?>", "\n", "\r", "\t", "\x00", "\x7f", "\u0085", "\u00e9", "\u0300",
	"\u3321", "\u2028", "\ufeff", "\ufffe", "\U0001f600", "\xff", "\xc3", "\xed\xa0\x80", "1", "-",
	".", "{", "}", "|", "^", "`", "\\", "%", "http://www.w3.org/2000/xmlns/",
	"http://www.w3.org/XML/1998/namespace",
}

// mutate changes a stream in a few places.
func mutate(r *rand.Rand, s string) string {
	for n := 1 + r.IntN(3); n > 0 && s != ""; n-- {
		at := r.IntN(len(s))
		end := min(len(s), at+r.IntN(8))
		switch r.IntN(4) {
		case 0:
			s = s[:at] + s[end:]
		case 1:
			s = s[:at] + s[at:end] + s[at:end] + s[end:]
		case 2:
			s = s[:at] + string([]byte{byte(r.Uint32())}) + s[min(at+1, len(s)):]
		default:
			s = s[:at] + pieces[r.IntN(len(pieces))] + s[at:]
		}
	}
	return s
}
