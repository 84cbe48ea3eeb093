package roster

import (
	"strings"
	"testing"

	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/store"
)

// quiet is a stream that does nothing.
type quiet struct{}

func (quiet) Wake()                     {}
func (quiet) Close(*stanza.StreamError) {}
func (quiet) Out() stanza.Out           { return stanza.Out{} }
func (quiet) Addr() string              { return "test" }

// A roster that was read from the store may be ahead of the cache: the changes
// in it are not pushed again when the cache comes to them (RFC 6121 section
// 2.6.3, Success Case: "in order of modification").
func TestAhead(t *testing.T) {
	ctx := t.Context()
	db, err := store.Open(ctx, t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = db.Update(ctx, func(tx *store.Tx) error { _, err := tx.CreateAccount("alice@a.lit", "v"); return err })
	if err != nil {
		t.Fatal(err)
	}
	r := router.New(router.Options{Store: db, Config: conf.Default()})
	r.AddHost("a.lit", true)
	account, err := r.Account(ctx, stanza.MustJID("alice@a.lit"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := account.Bind(ctx, "phone", quiet{})
	if err != nil {
		t.Fatal(err)
	}
	b := new(book)
	b.now.Store(newContacts(nil, 0))
	b.begin(s)
	b.finish(s, stanza.MustParse("<iq type='result' id='1'/>"), answer{version: 2})
	for version := int64(1); version <= 4; version++ {
		b.apply(account, change{version: version, item: "<item jid='b@b.lit'/>"})
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
}
