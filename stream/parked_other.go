//go:build !linux

package stream

import "net"

// newParked has no implementation here: connections wait in Read.
func newParked(net.Conn) socket { return nil }
