package s2s

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// dialbackKey is the key by which the servers of one network know again what
// one of them has sent (XEP-0185 section 2, Recommended Algorithm). The
// addresses are canonical domains, receiving that of the peer and originating
// that of ours; streamID is the id that the peer gave the stream.
//
// A key holds for one domain pair on one stream, since all three are in it.
// The space between them cannot be part of the domains.
func dialbackKey(secret []byte, receiving, originating, streamID string) string {
	hashed := sha256.Sum256(secret)
	// The HMAC's key is the hash in hexadecimal representation, as the example
	// shows (XEP-0185 section 3, Example).
	mac := hmac.New(sha256.New, []byte(hex.EncodeToString(hashed[:])))
	mac.Write([]byte(receiving + " " + originating + " " + streamID))
	return hex.EncodeToString(mac.Sum(nil))
}

// keyValid says whether the key of a db:verify request is one of ours: made for
// the stream that it names, from the domain that is asked to the one that asks
// (XEP-0220 section 2.2.2, Authoritative Server Handles Inbound Verification
// Request from Receiving Server). It takes the same time for all wrong keys.
func keyValid(secret []byte, verify dialback) bool {
	want := dialbackKey(secret, verify.from, verify.to, verify.id)
	return hmac.Equal([]byte(want), []byte(verify.text))
}
