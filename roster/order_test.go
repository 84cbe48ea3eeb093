package roster_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"

	"parley/internal/imtest"
	"parley/stanza"
)

// view is a roster as a client keeps it.
type view struct {
	t       *testing.T
	version int
	names   map[string]string
}

// take does what RFC 6121 sections 2.1.4 and 2.1.6 have a client do.
func (v *view) take(xml string) {
	st := stanza.MustParse(xml)
	query := st.Root().Child("jabber:iq:roster", "query")
	if query == nil {
		return
	}
	version, err := strconv.Atoi(strings.TrimPrefix(query.Attr("ver"), "1."))
	if err != nil {
		v.t.Fatal(err)
	}
	if st.Type == "result" {
		v.names = map[string]string{}
		if version < v.version {
			v.t.Errorf("result of version %d behind %d", version, v.version)
		}
	} else if version <= v.version {
		v.t.Errorf("push of version %d behind %d", version, v.version)
	}
	v.version = version
	for _, i := range query.Children {
		v.names[i.Attr("jid")] = i.Attr("name")
	}
}

// TestGetBesideSets: a client that asks for the roster while others change it
// ends up with the roster as it is, by results and pushes in their order alone
// (RFC 6121 section 2.6.3, Success Case).
func TestGetBesideSets(t *testing.T) {
	imtest.Run(t, "", modules, func(w *imtest.World) {
		var wait sync.WaitGroup
		handle := func(name string, n int, xml func(i int) string) {
			s := w.Login(name, "alice@a.lit/"+name)
			wait.Go(func() {
				for i := range n {
					s.Handle(context.Background(), stanza.MustParse(xml(i)))
				}
			})
		}
		for _, name := range []string{"w1", "w2"} {
			handle(name, 60, func(i int) string {
				return fmt.Sprintf(`<iq type='set' id='s%d'><query xmlns='jabber:iq:roster'>`+
					`<item jid='c%d@b.lit' name='%s.%d'/></query></iq>`, i, i%7, name, i)
			})
		}
		readers := []string{"r1", "r2", "r3"}
		for _, name := range readers {
			handle(name, 20, func(i int) string {
				return fmt.Sprintf(`<iq type='get' id='g%d'><query xmlns='jabber:iq:roster'/></iq>`, i)
			})
		}
		wait.Wait()
		got := map[string][]string{}
		for _, name := range readers {
			got[name] = w.Received(name)
		}
		items, version, err := w.Store.Roster(w.T.Context(), 1)
		if err != nil || version != 120 {
			t.Fatalf("version %d: %v", version, err)
		}
		want := map[string]string{}
		for _, i := range items {
			want[i.JID] = i.Name
		}
		for _, name := range readers {
			v := view{t: t}
			for _, xml := range got[name] {
				v.take(xml)
			}
			if !maps.Equal(v.names, want) || v.version != int(version) {
				t.Errorf("%s has %d %v, want %d %v", name, v.version, v.names, version, want)
			}
		}
		w.Drop()
	})
}
