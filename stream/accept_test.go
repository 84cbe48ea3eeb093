package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/stanza"
)

// accepted is Accept on a connection in memory, with what it returned.
type accepted struct {
	t      *testing.T
	conn   *Conn
	client net.Conn
	n      *Negotiation
	cancel context.CancelFunc
	err    error
	done   chan struct{}
}

func accept(t *testing.T, deadline time.Duration) *accepted {
	c, client := memory(Options{})
	ctx, cancel := context.WithCancel(context.Background())
	a := &accepted{
		t: t, conn: c, client: client, cancel: cancel, done: make(chan struct{}),
		n: NewNegotiation(testRules(), Peer{}),
	}
	c.SetDeadline(time.Now().Add(deadline))
	go func() {
		defer close(a.done)
		a.err = Accept(ctx, c, a.n, testTLS())
	}()
	t.Cleanup(func() { cancel(); client.Close(); c.Close() })
	return a
}

// want reads up to text.
func (a *accepted) want(text string) {
	a.t.Helper()
	var got strings.Builder
	var b [1]byte
	for !strings.HasSuffix(got.String(), text) {
		if _, err := a.client.Read(b[:]); err != nil {
			a.t.Fatalf("%v before %s: %s", err, text, got.String())
		}
		got.Write(b[:])
	}
}

// wantClosed wants nothing more to come.
func (a *accepted) wantClosed() {
	a.t.Helper()
	if rest, err := io.ReadAll(a.client); err != nil || len(rest) > 0 {
		a.t.Fatalf("left: %q %v", rest, err)
	}
	a.client.Close()
	<-a.done
}

// secure goes up to the features under TLS.
func (a *accepted) secure() {
	a.t.Helper()
	send(a.t, a.client, open+" \n"+start)
	a.want("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	a.client = tls.Client(a.client, &tls.Config{ServerName: "a.lit", InsecureSkipVerify: true})
	send(a.t, a.client, open)
	a.want("</stream:features>")
}

func TestAccept(t *testing.T) {
	a := accept(t, time.Minute)
	a.secure()
	send(t, a.client, right+open+message)
	a.want("<stream:features><bind/></stream:features>")
	<-a.done
	if a.err != nil {
		t.Fatal(a.err)
	}
	if p := a.n.Peer; a.n.JID.String() != "romeo@a.lit" || !p.Secure || p.TLS == nil || p.Cert != testCert() {
		t.Errorf("%s %+v", a.n.JID, p)
	}
	if st := wantToken(t, a.conn, stanza.Found); st.Raw != message {
		t.Errorf("behind the login: %s", st.Raw)
	}
}

func TestAcceptFails(t *testing.T) {
	tests := []struct {
		name string
		send string
		want string
		err  error
	}{
		{"not XML", "HELO\r\n", "</stream:error></stream:stream>", stanza.StreamNotWellFormed},
		{"stanza", open + "<message/>", "</stream:error></stream:stream>", stanza.StreamNotAuthorized},
		{"end", open + "</stream:stream>", "</stream:features></stream:stream>", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := accept(t, time.Minute)
			send(t, a.client, test.send)
			a.want(test.want)
			a.wantClosed()
			if a.err == nil || test.err != nil && !errors.Is(a.err, test.err) {
				t.Errorf("error %v", a.err)
			}
		})
	}
}

// TestAcceptGone: there is nobody to say anything to.
func TestAcceptGone(t *testing.T) {
	a := accept(t, time.Minute)
	send(t, a.client, open)
	a.want("</stream:features>")
	a.client.(interface{ CloseWrite() error }).CloseWrite()
	a.wantClosed()
	if a.err == nil {
		t.Error("no error")
	}
}

func TestAcceptTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		a := accept(t, time.Minute)
		a.secure()
		a.want("<connection-timeout xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
		a.wantClosed()
		if d := time.Since(start); d != time.Minute || !errors.Is(a.err, stanza.StreamConnectionTimeout) {
			t.Errorf("after %v: %v", d, a.err)
		}
	})
}

func TestAcceptStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := accept(t, time.Minute)
		a.secure()
		a.cancel()
		a.want("<system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
		a.wantClosed()
		if !errors.Is(a.err, stanza.StreamSystemShutdown) {
			t.Error(a.err)
		}
	})
}

// TestAcceptNoTLS: a handshake that fails ends the connection without a word
// (RFC 6120 section 5.4.3.2, TLS Failure).
func TestAcceptNoTLS(t *testing.T) {
	a := accept(t, time.Minute)
	send(t, a.client, open+start)
	a.want("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	send(t, a.client, open)
	rest, err := io.ReadAll(a.client)
	if err != nil || strings.Contains(string(rest), "<") {
		t.Errorf("got %q %v", rest, err)
	}
	<-a.done
	if a.err == nil {
		t.Error("no error")
	}
}

// TestFarewellBounded: one who goes on sending and does not close is closed.
func TestFarewellBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := memory(Options{})
		done := make(chan struct{})
		defer func() { client.Close(); <-done }()
		go func() {
			defer close(done)
			for {
				if _, err := client.Write(make([]byte, 1000)); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		start := time.Now()
		c.Farewell([]byte(End))
		if d := time.Since(start); d != farewell {
			t.Errorf("took %v", d)
		}
		if got, err := io.ReadAll(client); err != nil || string(got) != End {
			t.Errorf("got %q %v", got, err)
		}
	})
}

// TestFarewellWaits: the connection is closed when the peer has closed its side,
// and what it still sends is no reason to do it before.
func TestFarewellWaits(t *testing.T) {
	eachWay(t, Options{}, func(t *testing.T, c *Conn, client net.Conn) {
		done := make(chan struct{})
		go func() { defer close(done); c.Farewell([]byte(End)) }()
		if got, err := io.ReadAll(client); err != nil || string(got) != End {
			t.Errorf("got %q %v", got, err)
		}
		for range 3 {
			send(t, client, message)
			select {
			case <-done:
				t.Error("closed before the peer has closed")
			case <-time.After(5 * time.Millisecond):
			}
		}
		client.Close()
		<-done
	})
}

func TestLimitsFeature(t *testing.T) {
	const ns = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes>"
	if got := LimitsFeature(10000, 0); got != ns+"</limits>" {
		t.Error(got)
	}
	if got := LimitsFeature(10000, 5*time.Minute); got != ns+"<idle-seconds>300</idle-seconds></limits>" {
		t.Error(got)
	}
}

// TestPeerCert: a certificate is asked for only if it is wanted, and not
// checked.
func TestPeerCert(t *testing.T) {
	for _, ask := range []bool{false, true} {
		config := ServerTLS(TLSOptions{AskCert: ask, Certificate: func(string) (*tls.Certificate, error) {
			return testCert(), nil
		}})
		c, client := memory(Options{})
		if c.TLS() != nil || c.PeerCert() != nil || c.Cert() != nil {
			t.Error("TLS before TLS")
		}
		go tls.Client(client, &tls.Config{
			InsecureSkipVerify: true, Certificates: []tls.Certificate{*testCert()},
		}).Handshake()
		if err := c.StartTLS(context.Background(), config); err != nil {
			t.Fatal(err)
		}
		if shown := c.PeerCert() != nil; shown != ask {
			t.Errorf("asked: %v, shown: %v", ask, shown)
		}
		c.Close()
	}
}

// TestStuck: a write that does not end is noticed by who asks.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, client := memory(Options{})
		done := make(chan error)
		go func() { done <- c.Write(make([]byte, 1<<20)) }()
		synctest.Wait()
		time.Sleep(time.Minute)
		if !c.Stuck(time.Now().Add(-30*time.Second)) || c.Stuck(time.Now().Add(-90*time.Second)) {
			t.Error("a write that has lasted for a minute")
		}
		go io.Copy(io.Discard, client)
		if err := <-done; err != nil || c.Stuck(time.Now()) {
			t.Errorf("after the write: %v", err)
		}
		c.Close()
	})
}
