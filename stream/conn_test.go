package stream

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/stanza"
)

// pair is a connection over loopback; the server's end is a Conn.
func pair(t testing.TB, o Options) (*Conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := NewConn(server, o)
	t.Cleanup(func() { c.Close(); client.Close() })
	return c, client
}

// eachWay runs a test for parked and for blocking connections, with and
// without TLS.
func eachWay(t *testing.T, o Options, test func(t *testing.T, c *Conn, client net.Conn)) {
	for _, blocking := range []bool{false, true} {
		for _, secure := range []bool{false, true} {
			name := map[bool]string{false: "parked", true: "blocking"}[blocking] +
				map[bool]string{false: " TCP", true: " TLS"}[secure]
			t.Run(name, func(t *testing.T) {
				o.Blocking = blocking
				c, client := pair(t, o)
				if secure {
					client = startTLS(t, c, client)
				}
				if parks := c.Park(); parks != (!blocking && parking()) {
					t.Errorf("Park: %v", parks)
				}
				test(t, c, client)
			})
		}
	}
}

// parking says whether connections can be parked on this system.
func parking() bool {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return false
	}
	defer l.Close()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return false
	}
	defer nc.Close()
	return newParked(nc) != nil
}

var testCert = sync.OnceValue(func() *tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<32, 0), DNSNames: []string{"a.lit"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func testTLS() *tls.Config {
	return ServerTLS(TLSOptions{
		Certificate: func(string) (*tls.Certificate, error) { return testCert(), nil },
	})
}

func startTLS(t testing.TB, c *Conn, client net.Conn) net.Conn {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- c.StartTLS(context.Background(), testTLS()) }()
	tc := tls.Client(client, &tls.Config{ServerName: "a.lit", InsecureSkipVerify: true})
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return tc
}

// next waits for the next token that is not white space.
func next(t testing.TB, c *Conn) (stanza.Token, *stanza.Stanza, error) {
	t.Helper()
	for {
		tok, st, err := c.Next(context.Background())
		if err == ErrIdle {
			err = c.Wait()
		} else if err == nil && tok != stanza.Space {
			return tok, st, nil
		}
		if err != nil {
			return tok, nil, err
		}
	}
}

func wantToken(t testing.TB, c *Conn, want stanza.Token) *stanza.Stanza {
	t.Helper()
	tok, st, err := next(t, c)
	if err != nil || tok != want {
		t.Fatalf("token %d, error %v", tok, err)
	}
	return st
}

func send(t testing.TB, client net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(client, text); err != nil {
		t.Fatal(err)
	}
}

const message = "<message to='a@a.lit' xml:lang='ру'><body>Привет &amp; 😀</body></message>"

// TestPieces: input is acted on as soon as it is complete, in whatever pieces
// it comes.
func TestPieces(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, client net.Conn) {
		go func() {
			for i := range open {
				io.WriteString(client, open[i:i+1])
			}
		}()
		wantToken(t, c, stanza.Opened)
		for range 3 {
			// The reader gets the message before anything comes behind it.
			go func() {
				for i := range len(message) { // cuts characters too
					io.WriteString(client, message[i:i+1])
				}
			}()
			if st := wantToken(t, c, stanza.Found); st.Raw != message {
				t.Fatalf("got %s", st.Raw)
			}
		}
		send(t, client, " \n"+message+message+"</stream:stream>")
		wantToken(t, c, stanza.Found)
		wantToken(t, c, stanza.Found)
		wantToken(t, c, stanza.Closed)
		client.Close()
		if _, _, err := next(t, c); !errors.Is(err, io.EOF) {
			t.Fatalf("after the end: %v", err)
		}
	})
}

// TestLarge: a stanza larger than any buffer, and a long attribute in pieces.
func TestLarge(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, client net.Conn) {
		attr := "<message id='" + strings.Repeat("x", 30_000) + "'/>"
		body := "<message><body>" + strings.Repeat("y", 200_000) + "</body></message>"
		go func() {
			send(t, client, open)
			for i := 0; i < len(attr); i += 1000 {
				send(t, client, attr[i:min(i+1000, len(attr))])
			}
			send(t, client, body+message)
		}()
		wantToken(t, c, stanza.Opened)
		for _, want := range []string{attr, body, message} {
			if st := wantToken(t, c, stanza.Found); st.Raw != want {
				t.Fatalf("got %d bytes, not %d", len(st.Raw), len(want))
			}
		}
	})
}

func TestLimit(t *testing.T) {
	eachWay(t, Options{Limits: stanza.Limits{Bytes: 10_000}}, func(t *testing.T, c *Conn, client net.Conn) {
		go io.WriteString(client, open+"<message><body>"+strings.Repeat("y", 20_000)+"</body></message>")
		wantToken(t, c, stanza.Opened)
		if _, _, err := next(t, c); !errors.Is(err, stanza.StreamPolicyViolation) {
			t.Fatalf("error %v", err)
		}
	})
}

// TestCompactInTheMiddle: what has come of a stanza survives Compact.
func TestCompactInTheMiddle(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, client net.Conn) {
		if !c.Park() {
			return // waits in Read, with its buffer
		}
		send(t, client, open)
		wantToken(t, c, stanza.Opened)
		for i, size := range []int{1, 100, 9_000, 40_000} {
			text := "<message><body>" + strings.Repeat("z", size) + "</body></message>"
			half := len(text) / 2
			go io.WriteString(client, text[:half])
			for c.in.w-c.in.r < half {
				if _, _, err := c.Next(context.Background()); err != ErrIdle {
					t.Fatalf("Next: %v", err)
				}
				if c.in.w-c.in.r < half {
					if err := c.Wait(); err != nil {
						t.Fatal(err)
					}
				}
			}
			c.Compact()
			if n := len(c.in.b); n > 2*half+bufferSize/2 {
				t.Errorf("%d bytes held for %d", n, half)
			}
			send(t, client, text[half:])
			if st := wantToken(t, c, stanza.Found); st.Raw != text {
				t.Fatalf("%d: got %d bytes, not %d", i, len(st.Raw), len(text))
			}
		}
	})
}

// TestInterrupt: a waiting reader can be woken, and reads on.
func TestInterrupt(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, client net.Conn) {
		send(t, client, open)
		wantToken(t, c, stanza.Opened)
		for range 3 {
			go c.Interrupt()
			if _, _, err := next(t, c); err != ErrInterrupted {
				t.Fatalf("error %v", err)
			}
			send(t, client, message)
			wantToken(t, c, stanza.Found)
		}
	})
}

func TestClosed(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, client net.Conn) {
		go c.Close()
		if _, _, err := next(t, c); !errors.Is(err, net.ErrClosed) {
			t.Fatalf("error %v", err)
		}
		if err := c.Write([]byte("x")); err == nil {
			t.Fatal("written to a closed connection")
		}
	})
}

// TestRecordsBehindHandshake: what comes in one piece with the client's last
// handshake message is read, though the socket is empty by then.
func TestRecordsBehindHandshake(t *testing.T) {
	for _, blocking := range []bool{false, true} {
		c, client := pair(t, Options{Blocking: blocking})
		done := make(chan error, 1)
		go func() { done <- c.StartTLS(context.Background(), testTLS()) }()
		held := &holding{Conn: client}
		tc := tls.Client(held, &tls.Config{ServerName: "a.lit", InsecureSkipVerify: true})
		held.hold = true
		if err := tc.Handshake(); err != nil {
			t.Fatal(err)
		}
		send(t, tc, open+message)
		held.release()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		c.Park()
		wantToken(t, c, stanza.Opened)
		wantToken(t, c, stanza.Found)
	}
}

// holding is a connection that keeps back all but the first write.
type holding struct {
	net.Conn
	hold  bool
	first bool
	held  []byte
}

func (h *holding) Write(b []byte) (int, error) {
	if !h.hold || !h.first {
		h.first = true
		return h.Conn.Write(b)
	}
	h.held = append(h.held, b...)
	return len(b), nil
}

func (h *holding) release() { h.Conn.Write(h.held) }

// TestDropBehindStartTLS: what was read before TLS is not there after it.
func TestDropBehindStartTLS(t *testing.T) {
	for _, blocking := range []bool{false, true} {
		c, client := pair(t, Options{Blocking: blocking})
		send(t, client, open+start+message)
		wantToken(t, c, stanza.Opened)
		wantToken(t, c, stanza.Found)
		tc := startTLS(t, c, client)
		send(t, tc, open+"<iq type='get' id='1'/>")
		wantToken(t, c, stanza.Opened)
		if st := wantToken(t, c, stanza.Found); st.Kind != stanza.IQ {
			t.Fatalf("got %s", st.Raw)
		}
	}
}

// TestDropTLSBuffers: the fields are there in this version of crypto/tls, and
// dropping them does not lose a record.
func TestDropTLSBuffers(t *testing.T) {
	if len(tlsBuffers) != 2 {
		t.Fatalf("%d of 2 buffers found", len(tlsBuffers))
	}
	c, client := pair(t, Options{})
	client = startTLS(t, c, client)
	if !c.Park() {
		return // waits in Read, with its buffer
	}
	go io.WriteString(client, open+strings.Repeat(message, 1000))
	wantToken(t, c, stanza.Opened)
	for range 1000 {
		wantToken(t, c, stanza.Found)
		dropTLSBuffers(c.tls)
	}
}

func TestCertificate(t *testing.T) {
	asked := []string{}
	config := ServerTLS(TLSOptions{Certificate: func(name string) (*tls.Certificate, error) {
		asked = append(asked, name)
		return testCert(), nil
	}})
	for _, name := range []string{"a.lit", ""} {
		c, client := pair(t, Options{})
		c.SetDomain("b.lit")
		go tls.Client(client, &tls.Config{ServerName: name, InsecureSkipVerify: true}).Handshake()
		if err := c.StartTLS(context.Background(), config); err != nil {
			t.Fatal(err)
		}
		if c.Cert() != testCert() {
			t.Errorf("%q: certificate not noted", name)
		}
	}
	if len(asked) != 2 || asked[0] != "a.lit" || asked[1] != "b.lit" {
		t.Errorf("asked for %q", asked)
	}
}

func TestTLSVersions(t *testing.T) {
	for version, ok := range map[uint16]bool{
		tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		c, client := pair(t, Options{})
		go tls.Client(client, &tls.Config{
			ServerName: "a.lit", InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version,
		}).Handshake()
		if err := c.StartTLS(context.Background(), testTLS()); (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

// TestALPN is XEP-0368 section 3, rules 7 and 8.
func TestALPN(t *testing.T) {
	config := ServerTLS(TLSOptions{Protocol: "xmpp-client", Certificate: func(string) (*tls.Certificate, error) {
		return testCert(), nil
	}})
	tests := []struct {
		offer []string
		ok    bool
	}{
		{nil, true},
		{[]string{"xmpp-client"}, true},
		{[]string{"h2", "xmpp-client"}, true},
		{[]string{"xmpp-server"}, false},
	}
	for _, test := range tests {
		c, client := pair(t, Options{})
		go tls.Client(client, &tls.Config{
			ServerName: "a.lit", InsecureSkipVerify: true, NextProtos: test.offer,
		}).Handshake()
		if err := c.StartTLS(context.Background(), config); (err == nil) != test.ok {
			t.Errorf("%v: %v", test.offer, err)
		}
	}
}
