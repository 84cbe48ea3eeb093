package stanza

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"parley/stanza/xmlgen"
)

// The stanzas that the benchmarks read.
var samples = []struct{ name, xml string }{
	{"chat", xmlgen.Chat}, {"presence", xmlgen.Presence},
	{"omemo", omemo()}, {"cyrillic", xmlgen.Cyrillic},
}

// omemo is an encrypted message to nine devices.
func omemo() string {
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("0123456789abcdef"), 11))
	var b Builder
	b.Start("message", "", "to", "juliet@example.com", "type", "chat", "id", "o1")
	b.Start("encrypted", "eu.siacs.conversations.axolotl").Start("header", "", "sid", "27183")
	for _, rid := range []string{"1", "31415", "12321", "4711", "5", "6", "7", "8", "9"} {
		b.Elem("key", "", key, "rid", rid)
	}
	b.Elem("iv", "", "zMPSDYmwTQgayPKaw=").End().Elem("payload", "", key).End()
	return b.Elem("store", "urn:xmpp:hints", "").End().String()
}

// openStream is a scanner that has read a stream header.
func openStream(tb testing.TB) *Scanner {
	sc := NewScanner(Limits{Bytes: 1 << 20, Tag: 1 << 19})
	if tok, _, err := sc.Scan([]byte(plainHeader), nil); tok != Opened {
		tb.Fatalf("stream header: %v, %v", tok, err)
	}
	return sc
}

const plainHeader = xmlgen.PlainHeader

// BenchmarkScan measures the scanner alone: it yields offsets, nothing is
// copied. BenchmarkFound adds the copy and the header of the stanza,
// encodingxml-* is encoding/xml's RawToken over the same bytes, which checks
// less. In bytewise and pieces the input comes so, and goes where stream.Conn
// takes it; calls is bytewise with one call that only looks at the byte.
func BenchmarkScan(b *testing.B) {
	for _, s := range samples {
		b.Run(s.name, func(b *testing.B) { benchScan(b, []byte(s.xml)) })
	}
	for _, s := range samples {
		b.Run("encodingxml-"+s.name, func(b *testing.B) { benchRawToken(b, s.xml) })
	}
	b.Run("bytewise", func(b *testing.B) { benchBytewise(b, []byte(samples[0].xml)) })
	b.Run("bytewise-calls", func(b *testing.B) { benchCalls(b, []byte(samples[0].xml)) })
	big := []byte("<message to='" + strings.Repeat("a", 256<<10) + "'/>")
	b.Run("bigtag", func(b *testing.B) { benchScan(b, big) })
	b.Run("bigtag-pieces", func(b *testing.B) { benchPieces(b, big, 1448) })
	b.Run("bigtag-bytewise", func(b *testing.B) { benchBytewise(b, big) })
	b.Run("bigtag-calls", func(b *testing.B) { benchCalls(b, big) })
}

func benchScan(b *testing.B, in []byte) {
	sc := openStream(b)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if tok, n, err := sc.next(in); tok != Found || n != len(in) {
			b.Fatal(tok, n, err)
		}
	}
}

func benchBytewise(b *testing.B, in []byte) { benchPieces(b, in, 1) }

// benchPieces calls what a stream calls whenever a piece has come. The last one
// goes to next, as above: the copy of what was found is not measured.
func benchPieces(b *testing.B, in []byte, size int) {
	sc := openStream(b)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	var dst Stanza
	for b.Loop() {
		if !feed(sc, in, size, &dst) {
			b.Fatal("not all read")
		}
		if tok, n, err := sc.next(in); tok != Found || n != len(in) {
			b.Fatal(tok, n, err)
		}
	}
}

// feed does with each piece what a stream does. It is a function because B.Loop
// keeps all results of calls in its body alive, in memory, which for one byte
// costs as much as scanning it.
func feed(sc *Scanner, in []byte, size int, dst *Stanza) bool {
	for have := size; have < len(in); have += size {
		if sc.Passes(in[:have]) {
			continue
		}
		if tok, _, err := sc.Scan(in[:have], dst); tok != More || err != nil {
			return false
		}
	}
	return true
}

// oneCall is all that a call of Scan is without scanning, for comparison.
//
//go:noinline
func (sc *Scanner) oneCall(buf []byte, _ *Stanza) (Token, int, error) {
	if i := len(buf) - 1; i < 0 || buf[i] == 0 {
		return Found, 0, nil
	}
	return More, 0, nil
}

// benchCalls is benchBytewise without scanning: what it costs to be asked.
func benchCalls(b *testing.B, in []byte) {
	sc := openStream(b)
	b.SetBytes(int64(len(in)))
	var dst Stanza
	for b.Loop() {
		if !feedCalls(sc, in, &dst) {
			b.Fatal("not all read")
		}
	}
}

func feedCalls(sc *Scanner, in []byte, dst *Stanza) bool {
	for have := 1; have < len(in); have++ {
		if tok, _, err := sc.oneCall(in[:have], dst); tok != More || err != nil {
			return false
		}
	}
	return true
}

func benchRawToken(b *testing.B, in string) {
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	// One decoder reads many, as on a stream.
	r := &repeat{text: in}
	d := xml.NewDecoder(r)
	for b.Loop() {
		for depth := 1; depth > 0; {
			t, err := d.RawToken()
			if err != nil && !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
			switch t.(type) {
			case xml.StartElement:
				depth++
			case xml.EndElement:
				if depth--; depth == 1 {
					depth = 0
				}
			}
		}
	}
}

// repeat reads the same text over and over.
type repeat struct {
	text string
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// BenchmarkFound is what a stream does with each stanza: scan, copy, header.
func BenchmarkFound(b *testing.B) {
	for _, s := range samples {
		b.Run(s.name, func(b *testing.B) {
			sc, in := openStream(b), []byte(s.xml)
			var dst Stanza
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if tok, _, err := sc.Scan(in, &dst); tok != Found {
					b.Fatal(tok, err)
				}
			}
		})
	}
}

// BenchmarkAppend writes a stanza to one receiver: from and to set, a
// stanza-id added.
func BenchmarkAppend(b *testing.B) {
	for _, s := range samples {
		b.Run(s.name, func(b *testing.B) {
			st := MustParse(s.xml)
			var e Edits
			e.Set("from", "romeo@example.net/orchard")
			e.Set("to", "juliet@example.com/balcony")
			e.Last(`<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.com' id='28482-98726-73623'/>`)
			buf := make([]byte, 0, 8192)
			b.SetBytes(int64(len(s.xml)))
			b.ReportAllocs()
			for b.Loop() {
				buf = st.Append(buf[:0], &e, Out{})
			}
		})
	}
}

// BenchmarkJID prepares addresses.
func BenchmarkJID(b *testing.B) {
	for _, s := range []struct{ name, jid string }{
		{"full", "juliet@example.com/balcony"}, {"bare", "juliet@example.com"},
		{"upper", "Juliet@example.com/balcony"}, {"cyrillic", "наташа@пример.рф"},
	} {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseJID(s.jid); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
