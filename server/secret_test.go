package server

import (
	"bytes"
	"testing"

	"parley/store"
)

// TestDialbackSecret: what dialback keys are made of is random and long, another
// one for each server (CVE-2016-1232, where it could be guessed), and stays the
// same when the server starts again (XEP-0185 section 2, Recommended Algorithm).
func TestDialbackSecret(t *testing.T) {
	var seen [][]byte
	for range 3 {
		dir := t.TempDir()
		var before []byte
		for range 2 {
			db, err := store.Open(t.Context(), dir, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			secret, err := (&Server{store: db}).dialbackSecret(t.Context())
			if err != nil || len(secret) < 64 { // in hexadecimal
				t.Errorf("secret of %d characters (%v)", len(secret), err)
			}
			if before != nil && !bytes.Equal(secret, before) {
				t.Error("another secret after a restart")
			}
			before = secret
			db.Close()
		}
		for _, other := range seen {
			if bytes.Equal(other, before) {
				t.Error("two servers have one secret")
			}
		}
		seen = append(seen, before)
	}
}
