package stanza

import "testing"

// White space that ends the old stream may come after the restart, before the
// new stream's XML declaration (RFC 6120 section 4.3.3, Restarts). Before the
// first stream it makes the declaration ill-formed.
func TestSpaceBeforeRestartedStream(t *testing.T) {
	const header = "\n<?xml version='1.0'?><stream:stream to='a' version='1.0' " +
		"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
	sc := NewScanner(Limits{})
	if _, _, err := sc.Scan([]byte(header), nil); err == nil {
		if _, _, err = sc.Scan([]byte(header[1:]), nil); err == nil {
			t.Error("white space before the first declaration accepted")
		}
	}
	sc.Reset()
	tok, n, err := sc.Scan([]byte(header), nil)
	if tok != Space || n != 1 || err != nil {
		t.Fatalf("white space: %v, %d bytes, %v", tok, n, err)
	}
	if tok, _, err = sc.Scan([]byte(header[1:]), nil); tok != Opened || err != nil {
		t.Errorf("header of the restarted stream: %v, %v", tok, err)
	}
}
