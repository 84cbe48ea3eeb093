package s2s

import (
	"testing"

	"parley/stanza"
)

// onStream reads one element as it comes on a stream of servers.
func onStream(t testing.TB, raw string) *stanza.Stanza {
	t.Helper()
	const header = "<stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' " +
		"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
	sc := stanza.NewScanner(stanza.Limits{})
	buf := []byte(header + raw)
	for {
		st := new(stanza.Stanza)
		tok, n, err := sc.Scan(buf, st)
		switch {
		case err != nil:
			t.Fatalf("%s: %v", raw, err)
		case tok == stanza.Found:
			return st
		case tok == stanza.More:
			t.Fatalf("%s: no element", raw)
		}
		buf = buf[n:]
	}
}

func TestParseDialback(t *testing.T) {
	const pair = "from='capulet.example' to='montague.example'"
	key := dialback{name: dbResult, from: "capulet.example", to: "montague.example", text: "b483"}
	verify := dialback{name: dbVerify, from: "capulet.example", to: "montague.example", id: "417", text: "b483"}
	with := func(d dialback, typ, condition string) dialback {
		d.typ, d.text, d.condition = typ, "", condition
		return d
	}
	for _, c := range []struct {
		raw  string
		want dialback
	}{
		{"<db:result " + pair + ">b483</db:result>", key},
		{"<db:result " + pair + ">\n    b483\n  </db:result>", key},
		{"<result xmlns='jabber:server:dialback' " + pair + ">b483</result>", key},
		{"<db:result from='Capulet.Example.' to='MONTAGUE.example'>b4<![CDATA[83]]></db:result>", key},
		{"<db:verify id='417' " + pair + "> b483 </db:verify>", verify},
		{"<db:result type='valid' " + pair + "/>", with(key, dbValid, "")},
		{"<db:verify type='invalid' id='417' " + pair + "/>", with(verify, dbInvalid, "")},
		{"<db:result type='valid' " + pair + ">b483</db:result>", with(key, dbValid, "")},
		{"<db:result type='error' " + pair + "><error type='cancel'><item-not-found " +
			"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>",
			with(key, dbError, "item-not-found")},
		{"<db:result type='error' " + pair + "/>", with(key, dbError, "")},
		{"<db:result type='error' " + pair + "><error xmlns='other'/></db:result>",
			with(key, dbError, "")},
		{"<db:result from='bücher.example' to='xn--bcher-kva.example'>b483</db:result>",
			dialback{name: dbResult, from: "bücher.example", to: "bücher.example", text: "b483"}},
	} {
		got, ok := parseDialback(onStream(t, c.raw))
		if !ok || got != c.want {
			t.Errorf("%s is %+v (%v), want %+v", c.raw, got, ok, c.want)
		}
	}
}

// TestParseDialbackRefuses: what proves something must be whole (XEP-0220
// section 6.1, Dialback).
func TestParseDialbackRefuses(t *testing.T) {
	const pair = "from='capulet.example' to='montague.example'"
	for _, raw := range []string{
		"<db:result from='capulet.example'>b483</db:result>",
		"<db:result to='montague.example'>b483</db:result>",
		"<db:result from='romeo@capulet.example' to='montague.example'>b483</db:result>",
		"<db:result from='capulet.example/r' to='montague.example'>b483</db:result>",
		"<db:result from='-' to='montague.example'>b483</db:result>",
		"<db:result from='' to='montague.example' type='valid'/>",
		"<db:result " + pair + "/>",
		"<db:result " + pair + ">  </db:result>",
		"<db:result type='' " + pair + ">b483</db:result>",
		"<db:result type='VALID' " + pair + "/>",
		"<db:result type='maybe' " + pair + "/>",
		"<db:verify " + pair + ">b483</db:verify>",
		"<db:verify type='valid' " + pair + "/>",
	} {
		st := onStream(t, raw)
		if d, ok := parseDialback(st); ok {
			t.Errorf("%s is %+v", raw, d)
		}
		if !isDialback(st) {
			t.Errorf("%s is no dialback element", raw)
		}
	}
	for _, raw := range []string{
		"<result " + pair + ">b483</result>", "<db:other " + pair + "/>", "<message " + pair + "/>",
	} {
		st := onStream(t, raw)
		if d, ok := parseDialback(st); ok || isDialback(st) {
			t.Errorf("%s is %+v", raw, d)
		}
	}
}

// TestDialbackAppend: what is written is what the examples of XEP-0220 show.
func TestDialbackAppend(t *testing.T) {
	key := dialback{name: dbResult, from: "capulet.example", to: "montague.example", text: "b483"}
	verify := dialback{name: dbVerify, from: "capulet.example", to: "montague.example", id: "4'7", text: "b483"}
	const back = "from='montague.example' to='capulet.example'"
	for _, c := range []struct {
		d    dialback
		want string
	}{
		{key, "<db:result from='capulet.example' to='montague.example'>b483</db:result>"},
		{verify, "<db:verify from='capulet.example' to='montague.example' id='4&apos;7'>b483</db:verify>"},
		{key.reply(dbValid), "<db:result " + back + " type='valid'/>"},
		{verify.reply(dbInvalid), "<db:verify " + back + " id='4&apos;7' type='invalid'/>"},
		{key.replyError(stanza.ItemNotFound), "<db:result " + back + " type='error'><error type='cancel'>" +
			"<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>"},
	} {
		if got := string(c.d.append([]byte("x"))); got != "x"+c.want {
			t.Errorf("%+v is written %s, want x%s", c.d, got, c.want)
		}
	}
}

// TestDialbackAnswers: an answer belongs to the request of the same pair and
// stream and to no other (XEP-0220 section 3.1, Unsolicited Dialback).
func TestDialbackAnswers(t *testing.T) {
	q := dialback{name: dbVerify, from: "a.example", to: "b.example", id: "1", text: "k"}
	if !q.reply(dbValid).answers(q) || !q.replyError(stanza.Forbidden).answers(q) {
		t.Error("an answer is not recognized")
	}
	for name, d := range map[string]dialback{
		"not swapped":     {name: dbVerify, from: "a.example", to: "b.example", id: "1", typ: dbValid},
		"other authority": {name: dbVerify, from: "evil.example", to: "a.example", id: "1", typ: dbValid},
		"other asker":     {name: dbVerify, from: "b.example", to: "evil.example", id: "1", typ: dbValid},
		"other stream":    {name: dbVerify, from: "b.example", to: "a.example", id: "2", typ: dbValid},
		"other element":   {name: dbResult, from: "b.example", to: "a.example", id: "1", typ: dbValid},
		"request":         {name: dbVerify, from: "b.example", to: "a.example", id: "1", text: "k"},
	} {
		if d.answers(q) {
			t.Errorf("%s: taken for an answer", name)
		}
	}
	if q.reply(dbValid).answers(q.reply(dbInvalid)) {
		t.Error("an answer answers an answer")
	}
}

// FuzzDialback: what is parsed is written so that it is parsed the same again.
func FuzzDialback(f *testing.F) {
	const pair = "from='capulet.example' to='montague.example'"
	for _, s := range []string{
		"<db:result " + pair + ">b483</db:result>",
		"<db:verify id='&amp;1' type='valid' " + pair + "/>",
		"<db:result type='error' " + pair + "><error type='cancel'><item-not-found " +
			"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>",
		"<db:verify id='1' from='bücher.example' to='[::1]'> x<y/> </db:verify>",
	} {
		f.Add(s)
	}
	const header = "<stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' " +
		"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
	f.Fuzz(func(t *testing.T, raw string) {
		sc := stanza.NewScanner(stanza.Limits{})
		var st stanza.Stanza
		_, n, err := sc.Scan([]byte(header), &st)
		if err != nil || n != len(header) {
			t.Fatal(err)
		}
		if tok, _, err := sc.Scan([]byte(raw), &st); err != nil || tok != stanza.Found {
			return
		}
		d, ok := parseDialback(&st)
		if !ok {
			return
		}
		again, ok := parseDialback(onStream(t, string(d.append(nil))))
		if !ok || again != d {
			t.Fatalf("%q is %+v, then %+v", raw, d, again)
		}
	})
}
