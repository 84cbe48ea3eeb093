package resolve

import (
	"errors"
	"fmt"
	"net/netip"
)

// Target is a place where the server of a domain may be.
type Target struct {
	Host   string // ASCII, without the last dot; the certificate is not checked against it
	Port   uint16
	Direct bool // TLS from the first byte, else STARTTLS (XEP-0368 section 3, Requirements)

	// Addrs are the addresses of Host where they are known, nil where Dial has
	// to look them up.
	Addrs []netip.Addr
}

// Why there is no target. Every other error of Lookup and Dial is one that may
// be over later: nobody answers, or not what was asked.
var (
	// ErrNotFound is a domain, or a target, that DNS does not know.
	ErrNotFound = errors.New("resolve: not found")
	// ErrNoService is a domain that says it has no server (RFC 2782: the target
	// "."). It is an ErrNotFound too.
	ErrNoService = fmt.Errorf("resolve: no service: %w", ErrNotFound)
)

// failure is an error in words for an admin.
type failure struct {
	text string
	is   error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.is }

// notFound makes an ErrNotFound.
func notFound(format string, args ...any) error {
	return &failure{fmt.Sprintf(format, args...), ErrNotFound}
}
