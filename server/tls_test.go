package server

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// records sees what types of TLS records come.
type records struct {
	net.Conn
	header []byte // of the record that has begun
	left   int    // of its content
	last   byte   // the type of the last one
}

func (r *records) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	for _, c := range b[:n] {
		if r.left > 0 {
			r.left--
			continue
		}
		if r.header = append(r.header, c); len(r.header) == 5 {
			r.last, r.left = r.header[0], int(binary.BigEndian.Uint16(r.header[3:]))
			r.header = nil
		}
	}
	return n, err
}

// TestCloseNotify: TLS ends before the connection does (RFC 6120 section 4.4,
// Closing a Stream). Up to TLS 1.2 an alert can be told by its record.
func TestCloseNotify(t *testing.T) {
	const alert = 21
	raw, err := startLive(t, false).Dial(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	r := &records{Conn: raw}
	c := tls.Client(r, &tls.Config{InsecureSkipVerify: true, ServerName: "localhost",
		MaxVersion: tls.VersionTLS12})
	if _, err := io.WriteString(c, "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' "+
		"xmlns:stream='http://etherx.jabber.org/streams'></stream:stream>"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); err != nil || r.last != alert {
		t.Errorf("the last record is of type %d, the error %v", r.last, err)
	}
}
