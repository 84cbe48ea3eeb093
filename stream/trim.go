package stream

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"unsafe"
)

// tlsBuffers are the offsets of the buffers in which tls.Conn collects records
// (rawInput) and handshake messages (hand). They grow to the largest seen and
// are never given back, some 5 KiB for a connection that has only logged in,
// most of what an idle one costs. Where a later crypto/tls has no such fields
// of this type there are none, and nothing is dropped.
var tlsBuffers = findTLSBuffers()

func findTLSBuffers() (offsets []uintptr) {
	t := reflect.TypeFor[tls.Conn]()
	for _, name := range []string{"rawInput", "hand"} {
		f, ok := t.FieldByName(name)
		if ok && f.Type == reflect.TypeFor[bytes.Buffer]() {
			offsets = append(offsets, f.Offset)
		}
	}
	return offsets
}

// dropTLSBuffers replaces the buffers that are empty by new ones. Only Read
// uses them, so the reader calls it, and only between two reads of which the
// last found nothing: then no plaintext points into them either.
func dropTLSBuffers(c *tls.Conn) {
	for _, offset := range tlsBuffers {
		b := (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(c), offset))
		if b.Len() == 0 {
			*b = bytes.Buffer{}
		}
	}
}
