package auth

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"golang.org/x/crypto/cryptobyte"
)

// oldClient is the least TLS 1.2 client there can be, since crypto/tls has none
// that leaves out the extended master secret (RFC 7627). It knows one cipher
// suite and checks nothing of the server's.
type oldClient struct {
	conn       io.ReadWriter
	extended   bool
	transcript bytes.Buffer
	pending    []byte // handshake messages not yet read
	random     [32]byte
}

// oldHandshake shakes hands as a client, with or without an extended master
// secret, and stops before it reads the server's Finished.
func oldHandshake(conn net.Conn, extended bool) error {
	c := &oldClient{conn: conn, extended: extended}
	rand.Read(c.random[:])
	if err := c.send(22, c.note(1, c.hello())); err != nil {
		return err
	}
	serverRandom, serverKey, err := c.readFlight()
	if err != nil {
		return err
	}
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	peer, err := ecdh.X25519().NewPublicKey(serverKey)
	if err != nil {
		return err
	}
	secret, err := key.ECDH(peer)
	if err != nil {
		return err
	}
	public := key.PublicKey().Bytes()
	exchange := c.note(16, append([]byte{byte(len(public))}, public...))
	master := prf(secret, "master secret", append(c.random[:], serverRandom...), 48)
	if c.extended {
		digest := sha256.Sum256(c.transcript.Bytes())
		master = prf(secret, "extended master secret", digest[:], 48)
	}
	if err := errors.Join(c.send(22, exchange), c.send(20, []byte{1})); err != nil {
		return err
	}
	finished, err := c.sealFinished(master, serverRandom)
	if err != nil {
		return err
	}
	if err := c.send(22, finished); err != nil {
		return err
	}
	_, err = c.readRecord() // the server's ChangeCipherSpec: it has taken ours
	if err == nil {
		_, err = c.readRecord()
	}
	return err
}

// hello is a ClientHello (RFC 5246 section 7.4.1.2, Client Hello).
func (c *oldClient) hello() []byte {
	var b cryptobyte.Builder
	b.AddUint16(tls.VersionTLS12)
	b.AddBytes(c.random[:])
	b.AddUint8(0) // no session
	b.AddUint16(2)
	b.AddUint16(tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	b.AddUint16(0x0100) // one compression method, none
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddBytes([]byte{0, 10, 0, 4, 0, 2, 0, 29}) // supported_groups: x25519
		b.AddBytes([]byte{0, 11, 0, 2, 1, 0})        // ec_point_formats: uncompressed
		b.AddBytes([]byte{0, 13, 0, 4, 0, 2, 4, 3})  // ECDSAWithP256AndSHA256
		b.AddBytes([]byte{0xff, 1, 0, 1, 0})         // renegotiation_info
		if c.extended {
			b.AddBytes([]byte{0, 23, 0, 0}) // extended_master_secret
		}
	})
	return b.BytesOrPanic()
}

// note adds a header to a handshake message and the message to the transcript.
func (c *oldClient) note(kind byte, body []byte) []byte {
	message := append([]byte{kind, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	c.transcript.Write(message)
	return message
}

func (c *oldClient) send(kind byte, body []byte) error {
	record := append([]byte{kind, 3, 3, byte(len(body) >> 8), byte(len(body))}, body...)
	_, err := c.conn.Write(record)
	return err
}

func (c *oldClient) readRecord() ([]byte, error) {
	var header [5]byte
	if _, err := io.ReadFull(c.conn, header[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint16(header[3:]))
	_, err := io.ReadFull(c.conn, body)
	if err == nil && header[0] == 21 {
		err = fmt.Errorf("alert %d", body)
	}
	return body, err
}

// readFlight reads up to ServerHelloDone and gives the server's random and its
// key share.
func (c *oldClient) readFlight() (random, share []byte, err error) {
	for {
		kind, body, err := c.readMessage()
		switch {
		case err != nil:
			return nil, nil, err
		case kind == 2:
			random = body[2:34]
		case kind == 12: // named curve, its number, a length, the point
			share = body[4 : 4+int(body[3])]
		case kind == 14:
			return random, share, nil
		}
	}
}

func (c *oldClient) readMessage() (kind byte, body []byte, err error) {
	for len(c.pending) < 4 || len(c.pending) < 4+int(binary.BigEndian.Uint16(c.pending[2:])) {
		record, err := c.readRecord()
		if err != nil {
			return 0, nil, err
		}
		c.pending = append(c.pending, record...)
	}
	kind, n := c.pending[0], int(binary.BigEndian.Uint16(c.pending[2:]))
	body, c.pending = c.pending[4:4+n], c.pending[4+n:]
	c.note(kind, body)
	return kind, body, nil
}

// sealFinished makes the record body of the client's Finished (RFC 5246 section
// 7.4.9, Finished; RFC 5288 section 3, AES-GCM Cipher Suites).
func (c *oldClient) sealFinished(master, serverRandom []byte) ([]byte, error) {
	keys := prf(master, "key expansion", append(bytes.Clone(serverRandom), c.random[:]...), 40)
	block, err := aes.NewCipher(keys[:16])
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(c.transcript.Bytes())
	message := c.note(20, prf(master, "client finished", digest[:], 12))
	explicit := make([]byte, 8)
	nonce := append(bytes.Clone(keys[32:36]), explicit...)
	header := append(explicit, 22, 3, 3, 0, byte(len(message)))
	return gcm.Seal(bytes.Clone(explicit[:8]), nonce, message, header), nil
}

// prf is that of TLS 1.2 (RFC 5246 section 5, HMAC and the Pseudorandom
// Function).
func prf(secret []byte, label string, seed []byte, length int) []byte {
	mac := func(parts ...[]byte) []byte {
		h := hmac.New(sha256.New, secret)
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	seed = append([]byte(label), seed...)
	var out []byte
	for a := mac(seed); len(out) < length; a = mac(a) {
		out = append(out, mac(a, seed)...)
	}
	return out[:length]
}
