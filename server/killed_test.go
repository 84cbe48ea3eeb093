package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/conf"
)

// killedFolder names the data folder of a process that is there to be killed, and
// killedAddr where it listens.
const killedFolder, killedAddr = "PARLEY_TEST_FOLDER", "PARLEY_TEST_ADDR"

// serveUntilKilled is the whole of such a process.
func serveUntilKilled() int {
	c := killedConfig(os.Getenv(killedFolder))
	c.C2S.ListenTLS = []string{os.Getenv(killedAddr)}
	srv, err := New(context.Background(), c, Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = srv.Run(context.Background())
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func killedConfig(folder string) *conf.Config {
	c := conf.Default()
	c.Domains, c.Data = []string{"localhost"}, folder
	c.C2S.Listen, c.C2S.ListenTLS, c.HTTP.Listen = nil, nil, ""
	c.S2S.Enabled = false
	c.Messages.Offline = 1_000_000
	c.Rooms.Rate, c.Rooms.Burst = 100_000, 100_000
	return c
}

// TestKilled sends numbered messages to somebody who is away and into a room, with
// many under way, while the server is killed again and again. The client does what
// a real one does: it resumes, is told how far its session came, and sends the
// rest again. In the end each message is stored once, in order (XEP-0198 section
// 5, Resumption: h in <failed/>).
func TestKilled(t *testing.T) {
	kills := 12
	if testing.Short() {
		kills = 3
	}
	l := &live{t: t, config: testConfig(t), opts: Options{Log: slog.New(slog.DiscardHandler)}}
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alice", "bob"} {
		if err := l.Register(t.Context(), name, "pencil"); err != nil {
			t.Fatal(err)
		}
	}
	l.stop()
	s := &survivor{t: t, folder: l.config.Data, addr: freeAddr(t)}
	for i := range kills {
		s.life(time.Duration(50+rand.IntN(300))*time.Millisecond, false)
		if t.Failed() {
			t.Fatalf("after %d kills", i+1)
		}
	}
	s.life(0, true)
	s.check()
}

// freeAddr is an address where nobody listens.
func freeAddr(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// survivor is a client that counts what it sends.
type survivor struct {
	t            *testing.T
	folder, addr string

	conn net.Conn
	dec  *xml.Decoder
	id   string // of the session that may be resumed

	mu      sync.Mutex
	room    *sync.Cond
	n       int      // messages made
	unacked []string // stanzas sent, as they were; "" for one that is not sent again
	acked   uint32   // by the server, in this session
	total   int      // acknowledged in all sessions
	ended   bool     // the connection has
}

// mostUnacked is how many messages are under way.
const mostUnacked = 400

// life is one life of the server: it ends after some time by a kill, or, with all,
// when everything is acknowledged.
func (s *survivor) life(d time.Duration, all bool) {
	s.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedFolder+"="+s.folder, killedAddr+"="+s.addr)
	var says bytes.Buffer
	cmd.Stderr = &says
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if says.Len() > 0 {
			s.t.Errorf("the server said %s", says.String())
		}
	}()
	s.connect()
	if s.t.Failed() {
		return
	}
	kill := time.AfterFunc(d, func() {
		if !all {
			_ = cmd.Process.Kill()
		}
	})
	defer kill.Stop()
	done := make(chan struct{})
	go func() { s.read(); close(done) }()
	if all {
		s.drain()
		s.conn.Close()
	} else {
		s.write()
	}
	<-done
}

// connect logs in, learns how far the last session came and sends the rest again.
func (s *survivor) connect() {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var err error
		s.conn, err = tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"})
		if err == nil {
			break
		}
		if time.Now().After(end) {
			s.t.Fatal(err)
		}
	}
	s.dec = xml.NewDecoder(s.conn)
	const header = "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' " +
		"xmlns:stream='http://etherx.jabber.org/streams'>"
	plain := base64.StdEncoding.EncodeToString([]byte("\x00alice\x00pencil"))
	s.say(header)
	s.element("features")
	s.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + plain + "</auth>")
	s.element("success")
	s.dec = xml.NewDecoder(s.conn)
	s.say(header)
	s.element("features")
	if s.id != "" {
		s.say("<resume xmlns='urn:xmpp:sm:3' previd='" + s.id + "' h='0'/>")
		s.handled(s.element("failed"))
	}
	s.say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" +
		"<resource>phone</resource></bind></iq><enable xmlns='urn:xmpp:sm:3' resume='true'/>")
	s.element("iq")
	s.id = attr(s.element("enabled"), "id")

	s.mu.Lock()
	defer s.mu.Unlock()
	again := s.unacked
	s.unacked, s.acked, s.ended = nil, 0, false
	s.room = sync.NewCond(&s.mu)
	s.send("<presence to='room@conference.localhost/alice'><x xmlns='http://jabber.org/protocol/muc'/></presence>", false)
	for _, text := range again {
		if text != "" {
			s.send(text, true)
		}
	}
}

// handled takes how far the last session came. What was acknowledged then cannot
// be missing now.
func (s *survivor) handled(failed xml.StartElement) {
	h, err := strconv.ParseUint(attr(failed, "h"), 10, 32)
	if err != nil {
		s.t.Fatalf("no h in %v", failed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint32(h) > s.acked {
		s.unacked = s.unacked[uint32(h)-s.acked:]
	}
}

// send sends a stanza; mu is held. What fails is sent again in the next life.
func (s *survivor) send(text string, again bool) {
	if again {
		s.unacked = append(s.unacked, text)
	} else {
		s.unacked = append(s.unacked, "")
	}
	if len(s.unacked)%10 == 0 {
		text += "<r xmlns='urn:xmpp:sm:3'/>"
	}
	_, _ = s.conn.Write([]byte(text))
}

// write sends new messages until the connection ends.
func (s *survivor) write() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.ended {
		if len(s.unacked) >= mostUnacked {
			s.room.Wait()
			continue
		}
		s.n++
		to, typ := "bob@localhost", "chat"
		if s.n%2 == 0 {
			to, typ = "room@conference.localhost", "groupchat"
		}
		s.send(fmt.Sprintf("<message to='%s' type='%s' id='n%d'><body>%d</body></message>",
			to, typ, s.n, s.n), true)
	}
}

// drain waits until all is acknowledged.
func (s *survivor) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.conn.Write([]byte("<r xmlns='urn:xmpp:sm:3'/>"))
	for len(s.unacked) > 0 && !s.ended {
		s.room.Wait()
	}
}

// read takes acknowledgements until the connection ends.
func (s *survivor) read() {
	for {
		tok, err := s.dec.Token()
		s.mu.Lock()
		if err != nil {
			s.ended = true
			s.room.Broadcast()
			s.mu.Unlock()
			return
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "a" {
			h, err := strconv.ParseUint(attr(e, "h"), 10, 32)
			if n := uint32(h) - s.acked; err != nil || int(n) > len(s.unacked) {
				s.t.Errorf("acknowledged %d of %d behind %d: %v", h, len(s.unacked), s.acked, err)
			} else {
				s.unacked, s.acked, s.total = s.unacked[n:], uint32(h), s.total+int(n)
				s.room.Broadcast()
			}
		}
		s.mu.Unlock()
	}
}

func (s *survivor) say(text string) {
	if _, err := s.conn.Write([]byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

// element reads up to an element.
func (s *survivor) element(name string) xml.StartElement {
	for {
		tok, err := s.dec.Token()
		if err != nil {
			s.t.Fatalf("%v before <%s/>", err, name)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == name {
			if err := s.dec.Skip(); err != nil {
				s.t.Fatal(err)
			}
			return e
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// check reads the database: each message is there once, those of one kind in order.
func (s *survivor) check() {
	if len(s.unacked) > 0 {
		s.t.Fatalf("%d are not acknowledged in the end", len(s.unacked))
	}
	driver := "sqlite3"
	if !slices.Contains(sql.Drivers(), driver) {
		driver = "sqlite" // without cgo
	}
	db, err := sql.Open(driver, filepath.Join(s.folder, "parley.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT stanza FROM body ORDER BY id`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	count, last := make([]int, s.n+1), [2]int{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			s.t.Fatal(err)
		}
		_, id, _ := strings.Cut(text, " id='n")
		n, err := strconv.Atoi(id[:strings.IndexByte(id, '\'')])
		if err != nil || n > s.n {
			s.t.Fatal(text, err)
		}
		count[n]++
		if n < last[n%2] {
			s.t.Errorf("%d behind %d", n, last[n%2])
		}
		last[n%2] = n
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	lost, doubled := 0, 0
	for _, n := range count[1:] {
		switch {
		case n == 0:
			lost++
		case n > 1:
			doubled++
		}
	}
	s.t.Logf("%d sent, %d lost, %d doubled", s.n, lost, doubled)
	if lost > 0 || doubled > 0 {
		s.t.Errorf("of %d messages %d are lost and %d doubled", s.n, lost, doubled)
	}
}
