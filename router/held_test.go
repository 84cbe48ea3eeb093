package router

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"parley/stanza"
)

// TestHeldModel does at random what streams and clients do to a queue that holds,
// and compares it with lists of stanzas: what is handed out, what is handed out
// again, what a batch looks like that is being written, and which packets are let
// go of (XEP-0198 sections 4, Acks, and 5, Resumption).
func TestHeldModel(t *testing.T) {
	for seed := range uint64(200) {
		m := &heldModel{t: t, rnd: rand.New(rand.NewPCG(seed, 1))}
		m.q.hold("<enabled/>")
		m.waiting = append(m.waiting, "<enabled/>")
		for range 300 {
			m.step()
		}
	}
}

type heldModel struct {
	t   *testing.T
	rnd *rand.Rand
	q   queue
	n   int

	unacked []string // stanzas, in order
	waiting []string // not handed out: stanzas and what was said
	out     int      // of unacked, those handed out
	sent    int      // of unacked, those handed out once at least
	acked   uint32
	batch   []byte // being written, as it was
	live    []byte
	writing bool
}

func (m *heldModel) step() {
	switch m.rnd.IntN(8) {
	case 0, 1, 2:
		m.put()
	case 3:
		text := fmt.Sprintf("<a h='%d'/>", m.n)
		m.q.say(text, 1<<20)
		m.waiting = append(m.waiting, text)
	case 4:
		m.take()
	case 5:
		m.write()
	case 6:
		m.ack()
	default:
		if m.rnd.IntN(8) == 0 {
			m.write()
			m.resume()
		}
	}
}

func (m *heldModel) put() {
	m.n++
	text := fmt.Sprintf("<message id='%d'><body>%s</body></message>", m.n,
		strings.Repeat("x", m.rnd.IntN(300)))
	p := &Packet{Stanza: stanza.MustParse(text), Owed: true, Row: int64(m.n)}
	if _, _, ok := m.q.put(p.Stanza, &stanza.Edits{}, stanza.Out{}, p, 1<<20); !ok {
		m.t.Fatal("not taken")
	}
	m.unacked, m.waiting = append(m.unacked, text), append(m.waiting, text)
}

func (m *heldModel) take() {
	if m.writing {
		return
	}
	b, ok := m.q.take()
	if ok != (len(m.waiting) > 0) {
		m.t.Fatalf("take %v with %d waiting", ok, len(m.waiting))
	}
	got := strings.ReplaceAll(string(b.Bytes), stanza.AckRequest, "")
	if want := strings.Join(m.waiting, ""); got != want {
		m.t.Fatalf("handed out\n%s\nwant\n%s", got, want)
	}
	if ok {
		m.waiting, m.out, m.sent = nil, len(m.unacked), len(m.unacked)
		m.writing, m.live, m.batch = true, b.Bytes, append([]byte(nil), b.Bytes...)
	}
}

// write ends the writing of a batch, which nothing may have changed meanwhile.
func (m *heldModel) write() {
	if !m.writing {
		return
	}
	if string(m.live) != string(m.batch) {
		m.t.Fatalf("changed while it was written:\n%s\nwas\n%s", m.live, m.batch)
	}
	m.q.written(&Batch{Bytes: m.live})
	m.writing = false
}

func (m *heldModel) ack() {
	n := m.rnd.IntN(m.sent + 2)
	a, ok := m.q.acknowledge(m.acked + uint32(n))
	if ok != (n <= m.sent) || a.sent != m.acked+uint32(m.sent) {
		m.t.Fatalf("%d of %d: %v, sent %d", n, m.sent, ok, a.sent)
	}
	if !ok {
		return
	}
	m.done(a, n)
}

// done takes what was acknowledged out of the lists.
func (m *heldModel) done(a acked, n int) {
	bytes := 0
	for i, text := range m.unacked[:n] {
		bytes += len(text)
		if got := a.done[i].Stanza.Raw; got != text {
			m.t.Fatalf("done %s, want %s", got, text)
		}
		if i >= m.out { // it waits to be handed out again
			for k, w := range m.waiting {
				if w == text {
					m.waiting = append(m.waiting[:k:k], m.waiting[k+1:]...)
					break
				}
			}
		}
	}
	if len(a.done) != n || a.bytes != bytes {
		m.t.Fatalf("%d done of %d bytes, want %d of %d", len(a.done), a.bytes, n, bytes)
	}
	m.unacked, m.acked = m.unacked[n:], m.acked+uint32(n)
	m.out, m.sent = max(m.out-n, 0), m.sent-n
	if _, ok := m.q.acknowledge(m.acked - 1); !ok {
		m.t.Fatal("an old number is refused")
	}
}

func (m *heldModel) resume() {
	m.q.pause()
	if b, ok := m.q.take(); ok {
		m.t.Fatalf("handed out to nobody: %s", b.Bytes)
	}
	m.q.resume()
	m.waiting, m.out = append([]string(nil), m.unacked...), 0
}

// TestHeldLimit: what is not acknowledged counts (limits.queue), and one stanza
// always fits.
func TestHeldLimit(t *testing.T) {
	var q queue
	q.hold("")
	st := stanza.MustParse("<message><body>0123456789</body></message>")
	put := func() bool {
		_, _, ok := q.put(st, &stanza.Edits{}, stanza.Out{}, nil, 80)
		return ok
	}
	if !put() {
		t.Fatal("the first does not fit")
	}
	b, _ := q.take()
	q.written(&b)
	q.acknowledge(1)
	if q.size() != 0 || !put() {
		t.Fatal("no room though all is acknowledged")
	}
	b, _ = q.take()
	q.written(&b)
	for range 2 {
		if put() {
			t.Error("taken over the limit")
		}
	}
	if wake, ok := q.say("<a/>", 1); wake || !ok {
		t.Error("said though it is full already")
	}
	if got := q.size(); got != len(st.Raw) {
		t.Errorf("%d bytes, want %d", got, len(st.Raw))
	}
}
