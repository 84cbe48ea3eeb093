package archive_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"parley/archive"
	"parley/conf"
	"parley/internal/imtest"
	"parley/router"
	"parley/store"
)

// chat sends messages with these bodies.
func chat(from *stream, to string, bodies ...string) {
	for _, b := range bodies {
		from.send("<message to='" + to + "' type='chat'><body>" + b + "</body></message>")
	}
}

// What a dying session's queue still holds is stored as missed, whether it was
// handed to the socket or not.
func TestLostIsStored(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		romeo, juliet := bind(w, "romeo@a.lit/x"), bind(w, "juliet@a.lit/balcony")
		juliet.send("<presence/>")
		chat(romeo, "juliet@a.lit", "1")
		juliet.gets("1")
		chat(romeo, "juliet@a.lit/balcony", "2", "3")
		b, _ := juliet.s.Take()
		chat(romeo, "juliet@a.lit", "4")
		juliet.s.Written(b, errors.New("connection reset"))
		juliet.dies()
		if n := missed(w, "juliet@a.lit"); n != 3 {
			t.Errorf("%d missed", n)
		}
		romeo.gets("") // it was told nothing: the messages are safe
		again := bind(w, "juliet@a.lit/balcony")
		again.send("<presence/>")
		again.gets("2 3 4")
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
	})
}

// It goes to other sessions at once if there are any.
func TestLostGoesToOthers(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		romeo := bind(w, "romeo@a.lit/x")
		balcony, garden := bind(w, "juliet@a.lit/balcony"), bind(w, "juliet@a.lit/garden")
		silent := bind(w, "juliet@a.lit/silent")
		balcony.send("<presence/>")
		garden.send("<presence/>")
		silent.send("<presence><priority>-1</priority></presence>")
		chat(romeo, "juliet@a.lit/balcony", "1", "2")
		chat(romeo, "juliet@a.lit", "3")
		garden.gets("3")
		balcony.dies()
		garden.gets("1 2") // but not 3 again, which it has
		silent.gets("")
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
	})
}

// What nobody had the time to take is owed to the last one's successor.
func TestLostTwice(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		romeo := bind(w, "romeo@a.lit/x")
		balcony, garden := bind(w, "juliet@a.lit/balcony"), bind(w, "juliet@a.lit/garden")
		balcony.send("<presence/>")
		garden.send("<presence/>")
		chat(romeo, "juliet@a.lit", "1")
		chat(romeo, "juliet@a.lit/garden", "2")
		balcony.dies()
		garden.dies()
		again := bind(w, "juliet@a.lit/balcony")
		again.send("<presence/>")
		again.gets("1 2")
	})
}

// Rows stay owed until the write to the socket has returned.
func TestTakenWhenWritten(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		romeo := bind(w, "romeo@a.lit/x")
		chat(romeo, "juliet@a.lit", "1", "2", "3")
		balcony := bind(w, "juliet@a.lit/balcony")
		balcony.send("<presence/>")
		if n := missed(w, "juliet@a.lit"); n != 3 {
			t.Errorf("%d missed before they were written", n)
		}
		balcony.dies()
		if n := missed(w, "juliet@a.lit"); n != 3 {
			t.Errorf("%d missed after nobody got them", n)
		}
		again := bind(w, "juliet@a.lit/balcony")
		again.send("<presence/>")
		again.gets("1 2 3")
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
	})
}

// Of two sessions that come online at once one gets the messages; what it
// loses the other one gets.
func TestTwoAtOnce(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		romeo := bind(w, "romeo@a.lit/x")
		chat(romeo, "juliet@a.lit", "1", "2")
		balcony, garden := bind(w, "juliet@a.lit/balcony"), bind(w, "juliet@a.lit/garden")
		balcony.send("<presence/>")
		garden.send("<presence/>")
		garden.gets("")
		chat(romeo, "juliet@a.lit", "3")
		garden.gets("3")
		balcony.dies()
		garden.gets("1 2")
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
	})
}

// A message whose commit ends after somebody came online is handed over then,
// and before newer ones.
func TestComesOnlineMeanwhile(t *testing.T) {
	gate := new(gate)
	runHeld(t, gate, func(w *imtest.World) {
		romeo, juliet := bind(w, "romeo@a.lit/x"), bind(w, "juliet@a.lit/balcony")
		gate.close()
		chat(romeo, "juliet@a.lit", "1", "2")
		juliet.send("<presence/>")
		chat(romeo, "juliet@a.lit", "3")
		juliet.gets("")
		gate.open()
		juliet.gets("1 2 3")
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
	})
}

// More than fits into a queue goes out bit by bit, and what is new waits
// behind it.
func TestWindow(t *testing.T) {
	run(t, "[limits]\nqueue = '64 KiB'", func(w *imtest.World, _ *archive.Archive) {
		romeo, juliet := bind(w, "romeo@a.lit/x"), bind(w, "juliet@a.lit/balcony")
		var want []string
		for i := range 60 {
			body := fmt.Sprint(i) + strings.Repeat(".", 5000)
			chat(romeo, "juliet@a.lit", body)
			want = append(want, body)
		}
		juliet.send("<presence/>")
		b, _ := juliet.s.Take()
		if len(b.Bytes) > 32<<10 {
			t.Errorf("%d bytes at once", len(b.Bytes))
		}
		got := brief(string(b.Bytes))
		chat(romeo, "juliet@a.lit", "new")
		chat(romeo, "juliet@a.lit/balcony", "newer")
		garden := bind(w, "juliet@a.lit/garden")
		garden.send("<presence/>") // takes none of those on their way
		juliet.s.Written(b, nil)
		took := ""
		for text, other := juliet.text(), garden.text(); text+other != ""; text, other = juliet.text(), garden.text() {
			got = strings.TrimSpace(got + " " + brief(text))
			took = strings.TrimSpace(took + " " + brief(other))
		}
		all := strings.Fields(got + " " + took)
		seen := make(map[string]int)
		for _, b := range all {
			seen[b]++
		}
		for _, b := range append(want, "new", "newer") {
			if seen[b] != 1 {
				t.Errorf("%.5s came %d times", b, seen[b])
			}
		}
		for name, list := range map[string]string{"balcony": got, "garden": took} {
			if !ordered(strings.Fields(list)) {
				t.Errorf("%s: out of order", name)
			}
		}
		if juliet.closed != nil || garden.closed != nil {
			t.Error("stream closed")
		}
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
		chat(romeo, "juliet@a.lit", "last")
		juliet.gets("last")
	})
}

// ordered says whether numbered bodies ascend, with the new ones at the end.
func ordered(list []string) bool {
	last := -1
	for _, b := range list {
		n := 1000
		if b[0] != 'n' {
			fmt.Sscan(strings.TrimRight(b, "."), &n)
		}
		if n < last {
			return false
		}
		last = n
	}
	return true
}

// A client that dies in the middle gets the rest later.
func TestDiesInTheMiddle(t *testing.T) {
	run(t, "[limits]\nqueue = '64 KiB'", func(w *imtest.World, _ *archive.Archive) {
		romeo, juliet := bind(w, "romeo@a.lit/x"), bind(w, "juliet@a.lit/balcony")
		for i := range 30 {
			chat(romeo, "juliet@a.lit", fmt.Sprint(i)+strings.Repeat(".", 5000))
		}
		juliet.send("<presence/>")
		first := len(strings.Fields(brief(juliet.text())))
		juliet.dies()
		if n := missed(w, "juliet@a.lit"); n != 30-first || first == 0 {
			t.Errorf("%d taken, %d missed", first, n)
		}
		again := bind(w, "juliet@a.lit/balcony")
		again.send("<presence/>")
		second := 0
		for text := again.text(); text != ""; text = again.text() {
			second += len(strings.Fields(brief(text)))
		}
		if first+second != 30 {
			t.Errorf("%d and %d taken", first, second)
		}
	})
}

// Going away while messages are still on their way takes no more of them.
func TestLeavesInTheMiddle(t *testing.T) {
	run(t, "[limits]\nqueue = '64 KiB'", func(w *imtest.World, _ *archive.Archive) {
		romeo, juliet := bind(w, "romeo@a.lit/x"), bind(w, "juliet@a.lit/balcony")
		for i := range 30 {
			chat(romeo, "juliet@a.lit", fmt.Sprint(i)+strings.Repeat(".", 5000))
		}
		juliet.send("<presence/>", "<presence type='unavailable'/>")
		first := len(strings.Fields(brief(juliet.text())))
		juliet.gets("")
		juliet.send("<presence/>")
		second := 0
		for text := juliet.text(); text != ""; text = juliet.text() {
			second += len(strings.Fields(brief(text)))
		}
		if first == 0 || first+second != 30 {
			t.Errorf("%d and %d taken", first, second)
		}
	})
}

// Other sessions go on while one is being given old messages.
func TestBehindDoesNotStop(t *testing.T) {
	run(t, "[limits]\nqueue = '64 KiB'", func(w *imtest.World, _ *archive.Archive) {
		romeo := bind(w, "romeo@a.lit/x")
		slow, quick := bind(w, "juliet@a.lit/slow"), bind(w, "juliet@a.lit/quick")
		for i := range 30 {
			chat(romeo, "juliet@a.lit", fmt.Sprint(i)+strings.Repeat(".", 5000))
		}
		slow.send("<presence/>")
		quick.send("<presence/>")
		for text := quick.text(); text != ""; text = quick.text() {
		}
		chat(romeo, "juliet@a.lit", "new")
		quick.gets("new")
		if !strings.HasSuffix(drain(slow), " new") {
			t.Error("the slow session did not get what is new")
		}
		if n := missed(w, "juliet@a.lit"); n != 0 {
			t.Errorf("%d missed", n)
		}
	})
}

// What a deleted account's last sessions lose is stored for nobody.
func TestLostByDeletion(t *testing.T) {
	run(t, "", func(w *imtest.World, _ *archive.Archive) {
		romeo, juliet := bind(w, "romeo@a.lit/x"), bind(w, "juliet@a.lit/balcony")
		juliet.send("<presence/>")
		chat(romeo, "juliet@a.lit", "1", "2")
		a := w.Account("juliet@a.lit")
		if err := w.Router.DeleteAccount(w.T.Context(), a); err != nil {
			t.Fatal(err)
		}
		juliet.dies()
		if n, err := w.Store.MissedCount(w.T.Context(), a.ID); n != 0 || err != nil {
			t.Errorf("%d missed: %v", n, err)
		}
	})
}

// drain writes until nothing waits.
func drain(c *stream) (list string) {
	for text := c.text(); text != ""; text = c.text() {
		list += " " + brief(text)
	}
	return list
}

// gate holds the store's writer before a commit.
type gate struct{ shut atomic.Pointer[chan struct{}] }

func (g *gate) close() {
	ch := make(chan struct{})
	g.shut.Store(&ch)
}

func (g *gate) open() { close(*g.shut.Swap(nil)) }

func (g *gate) wait(int) {
	if ch := g.shut.Load(); ch != nil {
		<-*ch
	}
}

// runHeld is run with a store whose commits wait for a gate.
func runHeld(t *testing.T, g *gate, test func(w *imtest.World)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), dir, store.Options{BeforeCommit: g.wait})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		c, err := conf.Parse("test", "domains = ['a.lit']")
		if err != nil {
			t.Fatal(err)
		}
		r := router.New(router.Options{Store: db, Config: c})
		test(&imtest.World{T: t, Router: r, Store: db,
			Host: r.AddHost("a.lit", true, archive.New(contacts{}), presences{})})
	})
}
