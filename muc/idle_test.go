package muc

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"parley/internal/imtest"
	"parley/router"
	"parley/store"
)

// TestIdleRooms: 100,000 rooms cost disk, not memory: one is loaded when somebody
// asks for it, leaves memory when nobody is inside and nobody asks, and is then
// as it was.
func TestIdleRooms(t *testing.T) {
	const most, asked = 100_000, 500
	service := New()
	modules := func(r *router.Router) []router.Module {
		r.AddHost(fuzzHost, false, service)
		return nil
	}
	imtest.Run(t, "", modules, func(w *imtest.World) {
		w.Login("ann", "ann@a.lit/1")
		before := heap()
		row := store.Room{Host: fuzzHost, Config: `{"persistent":true,"public":true,"settled":true}`,
			Secret: "secret", Subject: "<message type='groupchat'><subject>Fire Burn</subject></message>"}
		err := w.Store.Update(w.T.Context(), func(tx *store.Tx) error {
			for n := range most {
				row.Local = fmt.Sprintf("r%d", n)
				if _, err := tx.CreateRoom(&row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			w.T.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		ask := func(n int) {
			w.Send("ann", fmt.Sprintf("<iq type='get' id='i' to='r%d@%s'>"+
				"<query xmlns='http://jabber.org/protocol/disco#info'/></iq>", n, fuzzHost))
		}
		for n := range asked {
			ask(n * most / asked)
		}
		w.Send("ann", "<presence to='r7@"+fuzzHost+"/ann'><x xmlns='"+nsMUC+"'/></presence>")
		if n := len(service.loaded()); n != asked+1 {
			t.Errorf("%d rooms in memory", n)
		}
		w.Drop()
		time.Sleep(10 * time.Minute)
		if n := len(service.loaded()); n != 1 {
			t.Errorf("%d rooms are still in memory", n)
		}
		if more := heap() - before; more > 4<<20 {
			t.Errorf("%d bytes more are in use", more)
		}
		w.Send("ann", "<presence to='r"+fmt.Sprint(most/2)+"@"+fuzzHost+"/ann'><x xmlns='"+nsMUC+"'/></presence>")
		got := w.Received("ann")
		if n := len(got); n == 0 || !strings.Contains(got[n-1], "Fire Burn") {
			t.Errorf("ann got %q", got)
		}
	})
}

// heap is how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
