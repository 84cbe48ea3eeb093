package muc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/imtest"
	"parley/presence"
	"parley/roster"
	"parley/router"
)

// paced runs a test in a room of ann and bea, where two things may be said at
// once and then one a second.
func paced(t *testing.T, test func(w *imtest.World)) {
	t.Helper()
	service := New()
	modules := func(r *router.Router) []router.Module {
		r.AddHost(fuzzHost, false, service)
		contacts := roster.New(r)
		return []router.Module{contacts, presence.New(r, contacts)}
	}
	imtest.Run(t, "[rooms]\nrate = 1\nburst = 2\n", modules, func(w *imtest.World) {
		for _, name := range []string{"ann", "bea"} {
			w.Login(name, name+"@a.lit/1")
			w.Send(name, "<presence to='"+fuzzRoom+"/"+name+"'><x xmlns='"+nsMUC+"'/></presence>")
		}
		time.Sleep(time.Minute)
		w.Drop()
		test(w)
	})
}

func sayTo(w *imtest.World, name, id, body string) {
	w.Send(name, "<message to='"+fuzzRoom+"' type='groupchat' id='"+id+"'><body>"+body+"</body></message>")
}

// ids are those of the messages that somebody has received.
func ids(w *imtest.World, name string) string {
	var list []string
	for _, got := range w.Received(name) {
		id := idOf.FindStringSubmatch(got)
		if strings.HasPrefix(got, "<message") && id != nil {
			list = append(list, id[1])
		}
	}
	return strings.Join(list, " ")
}

// TestPace: who says much at once is heard at the room's pace, in order, while
// others are heard at once; and nothing is lost.
func TestPace(t *testing.T) {
	paced(t, func(w *imtest.World) {
		for n := range 5 {
			sayTo(w, "ann", fmt.Sprintf("a%d", n), "x")
		}
		sayTo(w, "bea", "b", "x")
		for _, want := range []string{"a0 a1 b", "a2", "a3", "a4", ""} {
			if got := ids(w, "bea"); got != want {
				t.Errorf("bea heard %q, not %q", got, want)
			}
			time.Sleep(1001 * time.Millisecond)
		}
	})
}

// TestPaceRefused: who goes on and on is refused at last.
func TestPaceRefused(t *testing.T) {
	paced(t, func(w *imtest.World) {
		long := strings.Repeat("x", 10_000)
		for n := range 9 {
			sayTo(w, "ann", fmt.Sprintf("a%d", n), long)
		}
		refused := 0
		for _, got := range w.Received("ann") {
			if strings.Contains(got, "<resource-constraint") && strings.Contains(got, "type='wait'") {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("%d refused", refused)
		}
		time.Sleep(time.Minute)
		if got := ids(w, "bea"); got != "a0 a1 a2 a3 a4 a5 a6 a7" {
			t.Errorf("bea heard %q", got)
		}
	})
}

// TestPaceLeft: a client that is gone does not enter again because of what it has
// asked for and was still held.
func TestPaceLeft(t *testing.T) {
	paced(t, func(w *imtest.World) {
		for range 30 { // its session ends after 10 seconds, whatever is held
			w.Send("ann", "<presence to='"+fuzzRoom+"/ann'><x xmlns='"+nsMUC+"'/></presence>")
		}
		w.Logout("ann")
		time.Sleep(time.Minute)
		got := w.Received("bea")
		for n, text := range got {
			if gone := strings.Contains(text, "unavailable"); gone != (n == len(got)-1) {
				t.Errorf("bea got, as number %d of %d, %s", n+1, len(got), text)
			}
		}
	})
}
