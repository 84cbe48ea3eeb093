package stream

import (
	"crypto/rand"
	"strconv"
	"strings"

	"parley/stanza"
)

// End closes a stream (RFC 6120 section 4.4, Closing a Stream).
const End = "</stream:stream>"

// Answer is a response stream header, or without ID an initial one (RFC 6120
// section 4.7, Stream Attributes).
type Answer struct {
	ContentNS string
	From, To  string
	ID        string
	Version   bool              // whether to write version='1.0'
	Declare   map[string]string // further prefixes (dialback)
}

// Append writes the header. Its language is that of our texts (RFC 6120 section
// 4.7.4, xml:lang: the default language where the peer's is not supported).
func (a *Answer) Append(dst []byte) []byte {
	dst = append(dst, "<?xml version='1.0'?><stream:stream xmlns='"...)
	dst = append(dst, a.ContentNS...)
	dst = append(dst, "' xmlns:stream='"+stanza.NSStream...)
	for prefix, ns := range a.Declare {
		dst = appendAttr(dst, "' xmlns:"+prefix, ns)
	}
	if a.ID != "" {
		dst = appendAttr(dst, "' id", a.ID)
	}
	// From is empty, but there, where no host of ours is meant (RFC 6120
	// section 4.9.1.3, Stream Errors When the Host Is Unspecified or Unknown).
	dst = appendAttr(dst, "' from", a.From)
	if a.To != "" {
		dst = appendAttr(dst, "' to", a.To)
	}
	if a.Version {
		dst = appendAttr(dst, "' version", "1.0")
	}
	return append(dst, "' xml:lang='en'>"...)
}

// appendAttr writes an attribute up to its closing quote, after that of the one
// before.
func appendAttr(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, "='"...)
	return stanza.AppendEscaped(dst, value)
}

// NewID makes a stream id that nobody can guess (RFC 6120 section 4.7.3, id).
func NewID() string { return rand.Text() }

// AppendError writes a stream error and the end of the stream (RFC 6120 section
// 4.9.1.1, Stream Errors Are Unrecoverable); only the end for nil.
func AppendError(dst []byte, e *stanza.StreamError) []byte {
	if e != nil {
		dst = append(dst, e.XML()...)
	}
	return append(dst, End...)
}

// CheckHeader checks what is the same for every kind of stream (RFC 6120
// section 4.8.1, Stream Namespace, and 4.8.2, Content Namespace).
func CheckHeader(h *stanza.Header, contentNS string) *stanza.StreamError {
	switch {
	case h.NS != stanza.NSStream:
		return stanza.StreamInvalidNamespace
	case h.Name != "stream":
		return stanza.StreamBadFormat.WithText("not a stream header")
	case h.ContentNS != contentNS:
		// (RFC 6120 section 4.9.3.10, invalid-namespace)
		return stanza.StreamInvalidNamespace.WithText("content namespace is not " + contentNS)
	}
	return nil
}

// majorVersion is the number before the dot: 0 for a header without a version,
// which means 0.9 (RFC 6120 section 4.7.5, version), -1 for nonsense. Numbers
// are compared as such, and leading zeros do not count.
func majorVersion(v string) int {
	if v == "" {
		return 0
	}
	major, minor, ok := strings.Cut(v, ".")
	n, err := strconv.ParseUint(major, 10, 16)
	if _, err2 := strconv.ParseUint(minor, 10, 16); !ok || err != nil || err2 != nil {
		return -1
	}
	return int(n)
}
