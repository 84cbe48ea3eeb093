package c2s

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/auth"
	"parley/stanza"
	"parley/store"
)

const (
	ns2    = "xmlns='urn:xmpp:sasl:2'"
	agent1 = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/>"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// authenticate2 is a request under XEP-0388.
func authenticate2(mechanism, initial, wishes string) string {
	return "<authenticate " + ns2 + " mechanism='" + mechanism + "'><initial-response>" + b64(initial) +
		"</initial-response>" + agent1 + wishes + "</authenticate>"
}

// data2 waits for an element of XEP-0388 and decodes what is in it.
func (p *peer) data2(open, end string) string {
	p.t.Helper()
	p.wantNext(open)
	text, err := base64.StdEncoding.DecodeString(p.want(end))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// TestExtendedSCRAM logs in with and without channel binding under XEP-0388, by an
// independent implementation.
func TestExtendedSCRAM(t *testing.T) {
	w := newWorld(t, setup{})
	client := scramClient(t)
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		for _, binding := range []string{"", "tls-exporter", "tls-server-end-point"} {
			t.Run(name+" "+binding, func(t *testing.T) {
				p := w.peer()
				p.t = t
				state := p.connect(w, version, false)
				mechanism, c := "SCRAM-SHA-256", client.NewConversation()
				if binding != "" {
					b, err := bindingFor(binding, state)
					if err != nil {
						t.Fatal(err)
					}
					mechanism, c = mechanism+"-PLUS", client.NewConversationWithChannelBinding(b)
				}
				first, _ := c.Step("")
				p.send(authenticate2(mechanism, first, "<bind xmlns='urn:xmpp:bind:0'/>"))
				final, err := c.Step(p.data2("<challenge "+ns2+">", "</challenge>"))
				if err != nil {
					t.Fatal(err)
				}
				p.send("<response " + ns2 + ">" + b64(final) + "</response>")
				proof := p.data2("<success "+ns2+"><additional-data>", "</additional-data>")
				if _, err := c.Step(proof); err != nil || !c.Valid() {
					t.Fatalf("the server has not proved that it knows the password: %v", err)
				}
				p.wantNext("<authorization-identifier>")
				full := p.want("</authorization-identifier>")
				p.want(features)
				p.wantNothing(full)
			})
		}
	}
}

// TestTokenBound logs in with a token that is bound to the connection or to the
// certificate, and with one that a stranger holds on another connection.
func TestTokenBound(t *testing.T) {
	w := newWorld(t, setup{options: withTokens})
	for _, tc := range []struct {
		suffix  string
		version uint16
		data    func(s *tls.ConnectionState) []byte
	}{
		{"NONE", tls.VersionTLS13, func(*tls.ConnectionState) []byte { return nil }},
		{"EXPR", tls.VersionTLS13, exported},
		{"EXPR", tls.VersionTLS12, exported},
		{"UNIQ", tls.VersionTLS12, func(s *tls.ConnectionState) []byte { return s.TLSUnique }},
		{"ENDP", tls.VersionTLS13, func(s *tls.ConnectionState) []byte {
			digest := sha256.Sum256(s.PeerCertificates[0].Raw)
			return digest[:]
		}},
	} {
		t.Run(tc.suffix, func(t *testing.T) {
			mechanism := "HT-SHA-256-" + tc.suffix
			p := w.peer()
			p.t = t
			p.connect(w, tc.version, false)
			p.send(authenticate2("PLAIN", "\x00romeo\x00pencil",
				"<request-token xmlns='urn:xmpp:fast:0' mechanism='"+mechanism+"'/>"))
			p.want("<token xmlns='urn:xmpp:fast:0' token='")
			token := p.want("'")

			p = w.peer()
			p.t = t
			data := tc.data(p.connect(w, tc.version, false))
			fast := "<fast xmlns='urn:xmpp:fast:0'/>"
			if tc.suffix != "NONE" {
				p.send(authenticate2(mechanism, "romeo\x00"+proof(token, "Initiator", []byte("elsewhere")), fast))
				p.wantNext("<failure " + ns2 + "><not-authorized " + nsSASL + "/></failure>")
			}
			p.send(authenticate2(mechanism, "romeo\x00"+proof(token, "Initiator", data), fast))
			if p.data2("<success "+ns2+"><additional-data>", "</additional-data>") != proof(token, "Responder", data) {
				t.Error("the server has not proved that it knows the token")
			}
			p.wantNext("<authorization-identifier>romeo@a.lit</")
		})
	}
}

func exported(s *tls.ConnectionState) []byte {
	data, err := s.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
	if err != nil {
		panic(err)
	}
	return data
}

func proof(token, side string, data []byte) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(side))
	mac.Write(data)
	return string(mac.Sum(nil))
}

// TestExtendedShares: what counts guesses, says who may and writes the log is the
// same as under RFC 6120, and no log has a password or a token.
func TestExtendedShares(t *testing.T) {
	var log strings.Builder
	var guesses *auth.Limiter
	w := newWorld(t, setup{options: func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		guesses = o.Limiter
		withTokens(o)
	}})
	p := w.peer()
	p.secure()
	p.send(authenticate2("PLAIN", "\x00romeo\x00pen", ""))
	p.want("<not-authorized ")
	for range 3 {
		p.send(authenticate2("HT-SHA-256-NONE", "romeo\x00"+strings.Repeat("x", 32), "<fast xmlns='urn:xmpp:fast:0'/>"))
		p.want("<not-authorized ")
	}
	addr := p.nc.LocalAddr().String()
	if d := guesses.Delay(stanza.MustJID("romeo@a.lit"), addrOf(t, addr)); d == 0 {
		t.Error("guesses do not count")
	}
	p.send(authenticate2("PLAIN", "\x00romeo\x00pencil",
		"<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"))
	p.want("token='")
	token := p.want("'")
	p.want(features)
	w.stop()
	<-w.stopped
	for _, secret := range []string{"pencil", "pen\"", token, b64("\x00romeo\x00pen")} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log: %s", secret, &log)
		}
	}
	if !strings.Contains(log.String(), "login failed") {
		t.Errorf("failures are not in the log: %s", &log)
	}
}

// TestNoTokens: an admin can do without them.
func TestNoTokens(t *testing.T) {
	w := newWorld(t, setup{config: "[login]\ntoken_days = 0\n", options: withTokens})
	p := w.peer()
	p.secure()
	if strings.Contains(p.all, nsFAST) {
		t.Errorf("offered: %s", p.all)
	}
	p.send(authenticate2("HT-SHA-256-NONE", "romeo\x00"+strings.Repeat("x", 32), "<fast xmlns='urn:xmpp:fast:0'/>"))
	p.want("<invalid-mechanism ")
	p.send(authenticate2("PLAIN", "\x00romeo\x00pencil",
		"<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"))
	if before := p.want(features); strings.Contains(before, "<token") {
		t.Errorf("given: %s", before)
	}
}

// TestDeletedMeanwhile: who is gone before its resource is bound gets none.
func TestDeletedMeanwhile(t *testing.T) {
	w := newWorld(t, setup{})
	p := w.peer()
	p.secure()
	p.send("<authenticate " + ns2 + " mechanism='PLAIN'><initial-response>" + b64("\x00romeo\x00pencil") +
		"</initial-response></authenticate>")
	p.want(features)
	a, err := w.router.Account(context.Background(), stanza.MustJID("romeo@a.lit"))
	if err == nil {
		err = w.router.DeleteAccount(context.Background(), a)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.send(bind("x"))
	p.want("<not-allowed ")
	if _, err := w.db.Account(context.Background(), "romeo@a.lit"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the account: %v", err)
	}
}

func addrOf(t *testing.T, text string) netip.Addr {
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		t.Fatal(err)
	}
	return a.Addr()
}

// TestAgentID: only what is a UUID names a client (XEP-0388 section 2.3, Initiation).
func TestAgentID(t *testing.T) {
	const id = "d4565fa7-4d72-4749-b3d3-740edbf87770"
	for text, want := range map[string]string{
		"<user-agent id='" + id + "'/>":                  id,
		"<user-agent id='" + strings.ToUpper(id) + "'/>": id,
		"<user-agent id='" + id + "0'/>":                 "",
		"<user-agent id='me'/>":                          "",
		"<user-agent/>":                                  "",
		"<user-agent xmlns='x' id='" + id + "'/>":        "",
		"": "",
	} {
		st := stanza.MustParse("<authenticate " + ns2 + ">" + text + "</authenticate>")
		if got := agentID(st.Root()); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestCount reads the counter of a token (XEP-0484 section 3.4, Client authenticates
// using FAST: a positive integer).
func TestCount(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "1": 1, "9223372036854775807": 1<<63 - 1} {
		if n, err := count(text); n != want || err != nil {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"0", "-1", "x", "1.5", "9223372036854775808"} {
		if n, err := count(text); err == nil {
			t.Errorf("%q: %d", text, n)
		}
	}
}

// heldTokens keeps tokens in memory, one for each client, which can be used once with
// a counter.
type heldTokens struct {
	mu   sync.Mutex
	list map[string]auth.Token
}

func (h *heldTokens) Of(_ context.Context, a stanza.JID, client string) ([]auth.Token, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t, ok := h.list[a.String()+client]; ok {
		return []auth.Token{t}, nil
	}
	return nil, nil
}

func (h *heldTokens) Use(_ context.Context, a stanza.JID, client string, _ auth.Token, counter int64,
	last bool) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if counter > 0 || last {
		delete(h.list, a.String()+client)
	}
	return counter != 13, nil
}

func (h *heldTokens) Give(_ context.Context, a stanza.JID, client string, t auth.Token) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.Local() == "juliet" {
		return errors.New("disk on fire")
	}
	h.list[a.String()+client] = t
	return nil
}

// withTokens has a world keep tokens.
func withTokens(o *Options) { o.Tokens = &heldTokens{list: map[string]auth.Token{}} }

// TestTokenUse: what is proved and refused all the same, and what cannot be kept.
func TestTokenUse(t *testing.T) {
	w := newWorld(t, setup{options: withTokens})
	ask := func(user string) *peer {
		p := w.peer()
		p.secure()
		p.send(authenticate2("PLAIN", "\x00"+user+"\x00pencil",
			"<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"))
		return p
	}
	if before := ask("juliet").want("</success>"); strings.Contains(before, "<token") {
		t.Errorf("a token that is not kept: %s", before)
	}
	for count, want := range map[string]string{
		"0": "<malformed-request ", "13": "<not-authorized ", "12": "<success ",
	} {
		p := ask("romeo")
		p.want("token='")
		token := p.want("'")
		p = w.peer()
		p.secure()
		p.send(authenticate2("HT-SHA-256-NONE", "romeo\x00"+proof(token, "Initiator", nil),
			"<fast xmlns='urn:xmpp:fast:0' count='"+count+"'/>"))
		p.want(want)
	}
}

// TestDisabled: who may not log in is told so when the password, or the token, was
// right, and nothing that was asked for is done (XEP-0388 section 2.6.2, Failure).
func TestDisabled(t *testing.T) {
	w := newWorld(t, setup{options: withTokens})
	p := w.peer()
	p.secure()
	p.send(authenticate2("PLAIN", "\x00romeo\x00pencil",
		"<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"))
	p.want("token='")
	token := p.want("'")
	a, err := w.router.Account(t.Context(), stanza.MustJID("romeo@a.lit"))
	if err != nil {
		t.Fatal(err)
	}
	err = w.db.Update(t.Context(), func(tx *store.Tx) error { return tx.SetDisabled(a.ID, true) })
	if err != nil {
		t.Fatal(err)
	}
	p = w.peer()
	p.secure()
	p.send(authenticate2("PLAIN", "\x00romeo\x00pencil", "<bind xmlns='urn:xmpp:bind:0'/>"))
	p.wantNext("<failure " + ns2 + "><account-disabled " + nsSASL + "/></failure>")
	p.send(authenticate2("HT-SHA-256-NONE", "romeo\x00"+proof(token, "Initiator", nil),
		"<fast xmlns='urn:xmpp:fast:0'/><bind xmlns='urn:xmpp:bind:0'/>"))
	p.wantNext("<failure " + ns2 + "><account-disabled " + nsSASL + "/></failure>")
	p.send(authenticate2("PLAIN", "\x00romeo\x00pen", ""))
	p.wantNext("<failure " + ns2 + "><not-authorized " + nsSASL + "/></failure>")
	if n := len(a.Sessions()); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// TestGoneBeforeSuccess: a client that goes while it is being bound leaves a session
// that waits for it, or none if it is not to be resumed.
func TestGoneBeforeSuccess(t *testing.T) {
	w := newWorld(t, setup{memory: true})
	a, err := w.router.Account(t.Context(), stanza.MustJID("romeo@a.lit"))
	if err != nil {
		t.Fatal(err)
	}
	for _, resume := range []bool{false, true} {
		p := w.peer()
		p.secure()
		wish := ""
		if resume {
			wish = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
		}
		p.send(authenticate2("PLAIN", "\x00romeo\x00pencil",
			"<bind xmlns='urn:xmpp:bind:0'>"+wish+"</bind>"))
		p.nc.Close()
		for deadline := time.Now().Add(patience); w.server.Len() > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the connection is still there")
			}
		}
		list := a.Sessions()
		if len(list) > 1 || !resume && len(list) > 0 || len(list) == 1 && !list[0].Detached() {
			t.Errorf("resumable %v: %d sessions", resume, len(list))
		}
	}
}
