package muc

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/internal/imtest"
	"parley/router"
	"parley/stanza"
)

// TestNothingLostOrDoubled: people come while others speak and change the subject,
// with and without an archive. Everybody has, by the history and what follows it,
// all that was said from the beginning, once and in the archive's order, and the
// subject that came last.
func TestNothingLostOrDoubled(t *testing.T) {
	const most = 40
	for _, archive := range []bool{true, false} {
		modules := func(r *router.Router) []router.Module {
			r.AddHost(fuzzHost, false, New())
			return nil
		}
		config := "[rooms]\nhistory = 1000\nburst = 1000\n[new_rooms]\nhistory = 1000\n" +
			fmt.Sprintf("archive = %v\n", archive)
		imtest.Run(t, config, modules, func(w *imtest.World) {
			enter := func(name string) {
				w.Send(name, "<presence to='"+fuzzRoom+"/"+name+"'><x xmlns='"+nsMUC+"'/></presence>")
			}
			say := func(name, id, content string) {
				w.Send(name, "<message to='"+fuzzRoom+"' type='groupchat' id='"+id+"'>"+content+
					"</message>")
			}
			w.Login("ann", "ann@a.lit/1")
			for n := range most {
				w.Login(fmt.Sprintf("u%d", n), fmt.Sprintf("u%d@a.lit/1", n))
			}
			enter("ann")
			w.Received("ann")
			for n := range most {
				say("ann", fmt.Sprintf("a%d", n), "<body>x</body>")
				enter(fmt.Sprintf("u%d", n))
				say("ann", fmt.Sprintf("s%d", n), fmt.Sprintf("<subject>%d</subject>", n))
				say("ann", fmt.Sprintf("b%d", n), "<body>x</body>")
			}
			var want []string
			for n := range most {
				want = append(want, fmt.Sprintf("a%d", n), fmt.Sprintf("b%d", n))
			}
			for n := range most {
				name := fmt.Sprintf("u%d", n)
				got, subject := heard(t, w.Received(name))
				if !slices.Equal(got, want) {
					t.Errorf("archive %v: %s heard %v, want %v", archive, name, got, want)
				}
				if last := fmt.Sprint(most - 1); subject != last {
					t.Errorf("archive %v: %s has subject %q, want %q", archive, name, subject, last)
				}
			}
		})
	}
}

// heard are the ids of what was said among stanzas, and the last subject.
func heard(t *testing.T, list []string) (ids []string, subject string) {
	for _, text := range list {
		st := stanza.MustParse(text)
		switch {
		case st.Type == "error":
			t.Errorf("refused: %s", text)
		case isSubject(st):
			c, _ := st.Child("", "subject")
			subject = strings.TrimSpace(st.Element(c).Text)
		case st.Kind == stanza.Message:
			ids = append(ids, st.ID)
		}
	}
	return ids, subject
}
