package auth

import (
	"crypto/pbkdf2"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// testClient is the client side, for messages that no client library sends.
type testClient struct {
	hash         Hash
	password     string
	header, bare string
	serverFirst  string
	nonce        string
	salted       Verifier
	clientKey    []byte
}

// first begins an exchange and reads the server's answer.
func (c *testClient) first(t testing.TB, x Exchange, header, bare string) {
	t.Helper()
	c.header, c.bare = header, bare
	challenge, done, err := x.Step(t.Context(), []byte(header+bare))
	if done || err != nil {
		t.Fatalf("client-first %q: done %v, error %v", header+bare, done, err)
	}
	c.serverFirst = string(challenge)
	var salt, count string
	c.nonce, salt, count = splitServerFirst(t, c.serverFirst)
	iterations, err := parseCount(count)
	if err != nil {
		t.Fatal(err)
	}
	rawSalt, err := decodeBase64(salt)
	if err != nil {
		t.Fatal(err)
	}
	c.salted, c.clientKey = deriveClient(t, c.hash, c.password, rawSalt, iterations)
}

// withoutProof is the client-final-message-without-proof for cbind-input data.
func (c *testClient) withoutProof(data string) string {
	return "c=" + base64.StdEncoding.EncodeToString([]byte(c.header+data)) + ",r=" + c.nonce
}

// sign adds the proof to a client-final-message-without-proof.
func (c *testClient) sign(withoutProof string) string {
	signature := c.hash.hmac(c.salted.StoredKey, c.bare+","+c.serverFirst+","+withoutProof)
	for i := range signature {
		signature[i] ^= c.clientKey[i]
	}
	return withoutProof + ",p=" + base64.StdEncoding.EncodeToString(signature)
}

func splitServerFirst(t testing.TB, message string) (nonce, salt, count string) {
	t.Helper()
	parts := strings.Split(message, ",")
	if len(parts) != 4 || !strings.HasPrefix(parts[0], "r=") || !strings.HasPrefix(parts[1], "s=") ||
		!strings.HasPrefix(parts[2], "i=") || !strings.HasPrefix(parts[3], "h=") {
		t.Fatalf("server-first-message %q", message)
	}
	return parts[0][2:], parts[1][2:], parts[2][2:]
}

func newTestClient(h Hash) *testClient { return &testClient{hash: h, password: "pencil"} }

// derived is what a client knows: the verifier, and the ClientKey that the
// verifier does not hold.
type derived struct {
	verifier  Verifier
	clientKey []byte
}

// derivations remembers each derivation, as clients do, since one takes long.
var derivations sync.Map

func deriveClient(t testing.TB, h Hash, password string, salt []byte, iterations int) (
	Verifier, []byte) {
	t.Helper()
	key := fmt.Sprint(h, iterations, salt, password)
	if known, ok := derivations.Load(key); ok {
		return known.(derived).verifier, known.(derived).clientKey
	}
	v, err := derive(h, password, salt, iterations)
	if err != nil {
		t.Fatal(err)
	}
	salted, err := pbkdf2.Key(hashes[h].new, password, salt, iterations, h.size())
	if err != nil {
		t.Fatal(err)
	}
	d := derived{v, h.hmac(salted, "Client Key")}
	derivations.Store(key, d)
	return d.verifier, d.clientKey
}
