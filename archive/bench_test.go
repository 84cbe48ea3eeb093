package archive

import (
	"strings"
	"testing"
	"time"

	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// BenchmarkQuery answers queries for pages of 50 of an archive of 50,000
// messages (store's BenchmarkArchivePage reads out of 1,000,000).
func BenchmarkQuery(b *testing.B) {
	db := testDB(b)
	text := "<message xmlns='jabber:client' to='a@b.lit/c' from='d@e.lit/f' type='chat' id='x'><body>" +
		strings.Repeat("x", 400) + "</body></message>"
	peer := stanza.MustJID("d@e.lit/f")
	err := db.Update(b.Context(), func(tx *store.Tx) error {
		for i := range 50_000 {
			body, err := tx.AddBody(text, "d@e.lit/f", time.Unix(1e9+int64(i), 0))
			if err == nil {
				_, err = tx.AddArchived(1, body, peer)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	c, err := conf.Parse("bench", "domains = ['a.lit']")
	if err != nil {
		b.Fatal(err)
	}
	r := NewReader(router.New(router.Options{Store: db, Config: c}))
	box := &Box{Owner: 1, JID: stanza.MustJID("a@b.lit")}
	for name, xml := range map[string]string{
		"last": rsmSet("<max>50</max><before/>"),
		"with": submit(field("with", "d@e.lit")) + rsmSet("<max>50</max><before/>"),
	} {
		b.Run(name, func(b *testing.B) {
			e := stanza.MustParse(`<query xmlns='` + NS + `'>` + xml + `</query>`).Root()
			for b.Loop() {
				a, err := r.read(b.Context(), e, box)
				if err != nil || len(a.results) != 50 {
					b.Fatal(len(a.results), err)
				}
			}
		})
	}
}
