package auth

import (
	"encoding/base64"
	"slices"
	"strings"
)

// announced is an attribute of SCRAM's first server message from which a client sees
// whether somebody between us has changed what we have offered: the proofs cover it
// (XEP-0474 section 6.1, Server Sends Downgrade Protection Hash).
func announced(h Hash, mechanisms, bindings []string) string {
	text := joined(mechanisms)
	if len(bindings) > 0 {
		text += "\x1f" + joined(bindings)
	}
	return ",h=" + base64.StdEncoding.EncodeToString(h.sum([]byte(text)))
}

// joined is a list in the order of its octets.
func joined(list []string) string {
	return strings.Join(slices.Sorted(slices.Values(list)), "\x1e")
}

// advertised are the types of channel binding that the client was told of.
func (x *exchange) advertised() []string {
	if !x.offersBinding() {
		return nil
	}
	return x.conn.Bindings.Types()
}
