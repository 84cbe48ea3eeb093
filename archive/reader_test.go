package archive

import (
	"errors"
	"testing"

	"parley/stanza"
	"parley/store"
)

func testDB(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// field is a field of a query's form.
func field(name, value string) string {
	return `<field var='` + name + `'><value>` + value + `</value></field>`
}

// form is a form with its type.
func submit(fields string) string {
	return `<x xmlns='jabber:x:data' type='submit'>` + field("FORM_TYPE", NS) + fields + `</x>`
}

func rsmSet(inner string) string {
	return `<set xmlns='http://jabber.org/protocol/rsm'>` + inner + `</set>`
}

// TestParse: what is no query, and the error that is named for it.
func TestParse(t *testing.T) {
	db := testDB(t)
	box := &Box{Owner: 1, JID: stanza.MustJID("juliet@capulet.lit")}
	id, foreign := db.ArchiveID(1, 5), db.ArchiveID(2, 5)
	for xml, want := range map[string]error{
		``:         nil,
		submit(``): nil,
		submit(field("with", "romeo@montague.lit")): nil,
		submit(field("with", "@")):                  stanza.BadRequest,
		submit(field("start", "2010-06-07T00:00:00Z") + field("end", "2010-07-07T13:23:54.123456+02:00")): nil,
		submit(field("start", "1970-01-01T00:00:00Z")):                                                    nil,
		submit(field("start", "yesterday")):                                                               stanza.BadRequest,
		submit(field("end", "2010-06-07")):                                                                stanza.BadRequest,
		submit(field("after-id", id)):                                                                     nil,
		submit(field("after-id", foreign)):                                                                stanza.ItemNotFound,
		submit(field("before-id", "5")):                                                                   stanza.ItemNotFound,
		submit(field("before-id", "")):                                                                    stanza.ItemNotFound,
		submit(field("ids", id)):                                                                          nil,
		submit(field("ids", foreign)):                                                                     stanza.ItemNotFound,
		submit(field("include-groupchat", "true")):                                                        nil,
		submit(field("{http://example.com/}mood", "")):                                                    stanza.FeatureNotImplemented,
		`<x xmlns='jabber:x:data' type='form'/>`:                                                          stanza.BadRequest,
		`<x xmlns='jabber:x:data' type='submit'/>`:                                                        stanza.BadRequest,
		`<x xmlns='jabber:x:data' type='submit'>` +
			field("FORM_TYPE", "urn:xmpp:mam:1") + `</x>`: stanza.BadRequest,
		rsmSet(`<max>x</max>`):                     stanza.BadRequest,
		rsmSet(`<index>1</index>`):                 stanza.FeatureNotImplemented,
		rsmSet(`<after>` + foreign + `</after>`):   stanza.ItemNotFound,
		rsmSet(`<before>` + id + `</before>`):      nil,
		rsmSet(`<before>` + foreign + `</before>`): stanza.ItemNotFound,
	} {
		e := stanza.MustParse(`<query xmlns='` + NS + `'>` + xml + `</query>`).Root()
		if _, err := parse(db, box, e); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", xml, err, want)
		}
	}
	e := stanza.MustParse(`<query xmlns='` + NS + `' node='x'/>`).Root()
	if _, err := parse(db, box, e); !errors.Is(err, stanza.FeatureNotImplemented) {
		t.Errorf("node: %v", err)
	}
}

// FuzzParse: no query makes the reader ask for more than a page, or panic.
func FuzzParse(f *testing.F) {
	db := testDB(f)
	f.Add(submit(field("with", "romeo@montague.lit")+field("start", "2010-06-07T00:00:00Z")) +
		rsmSet(`<max>10</max><before/>`) + `<flip-page/>`)
	f.Add(submit(field("ids", db.ArchiveID(1, 1)) + field("after-id", db.ArchiveID(1, 2))))
	f.Add(rsmSet(`<after>` + db.ArchiveID(1, 3) + `</after>`))
	box := &Box{Owner: 1, JID: stanza.MustJID("juliet@capulet.lit")}
	f.Fuzz(func(t *testing.T, xml string) {
		st, err := stanza.Parse(`<query xmlns='` + NS + `'>` + xml + `</query>`)
		if err != nil {
			return
		}
		q, err := parse(db, box, st.Root())
		if err == nil && (q.Max < 0 || q.Max > mostPage || len(q.IDs) > mostPage) {
			t.Errorf("%+v", q)
		}
		var stanzaErr *stanza.Error
		if err != nil && !errors.As(err, &stanzaErr) {
			t.Errorf("error %v", err)
		}
	})
}
