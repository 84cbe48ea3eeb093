package roster

import (
	"strings"
	"testing"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
)

// A roster that was read from the store may be ahead of the cache: the changes
// in it are not pushed again when the cache comes to them (RFC 6121 section
// 2.6.3, Success Case: "in order of modification").
func TestAhead(t *testing.T) {
	none := func(*router.Router) []router.Module { return nil }
	imtest.Run(t, "", none, func(w *imtest.World) {
		s := w.Login("phone", "alice@a.lit/phone")
		b := new(book)
		b.now.Store(newContacts(nil, 0))
		b.begin(s)
		b.finish(s, stanza.MustParse("<iq type='result' id='1'/>"), answer{version: 2})
		for version := int64(1); version <= 4; version++ {
			b.apply(s.Account, change{version: version, item: "<item jid='b@b.lit'/>"})
		}
		batch, _ := s.Take()
		text := string(batch.Bytes)
		for version, want := range map[string]int{"push1": 0, "push2": 0, "push3": 1, "push4": 1} {
			if got := strings.Count(text, "'"+version+"'"); got != want {
				t.Errorf("%s came %d times, %d expected: %s", version, got, want, text)
			}
		}
		if len(b.ahead) != 0 {
			t.Errorf("%d sessions are still said to be ahead", len(b.ahead))
		}
		s.Written(batch, nil)
	})
}
