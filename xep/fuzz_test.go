package xep

import (
	"context"
	"strings"
	"testing"

	"parley/conf"
	"parley/internal/form"
	"parley/router"
	"parley/stanza"
)

// FuzzForms reads forms that anybody may send and writes what was in them.
func FuzzForms(f *testing.F) {
	for _, s := range []string{
		`<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value><value>2</value></field></x>`,
		`<x xmlns='jabber:x:data' type='submit'><field var='a'/><field><value/></field></x>`,
		`<x xmlns='jabber:x:data' type='cancel'/>`,
		`<x xmlns='jabber:x:data' type='submit'><field xmlns='urn:x' var='a'><value>1</value></field></x>`,
		`<username>a</username><password>&lt;&amp;</password>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, inside string) {
		st, err := stanza.Parse("<iq><query xmlns='jabber:iq:register'>" + inside + "</query></iq>")
		if err != nil {
			return
		}
		c, ok := st.Payload()
		if !ok {
			return
		}
		query := st.Element(c)
		credentials(query)
		values := form.Read(query)
		if values == nil {
			return
		}
		var list []form.Field
		for name, texts := range values {
			list = append(list, form.Field{Var: name, Type: "text-multi", Values: texts})
			for _, v := range values.Each(name) {
				if v == "" || strings.TrimSpace(v) != v {
					t.Fatalf("value %q is not trimmed", v)
				}
			}
		}
		again := stanza.MustParse("<iq><query>" + form.XML("submit", "", "urn:x", list...) + "</query></iq>")
		c, _ = again.Payload()
		got := form.Read(again.Element(c))
		for name, texts := range values {
			if name != "FORM_TYPE" && strings.Join(got[name], "|") != strings.Join(texts, "|") {
				t.Fatalf("%q: %q became %q", name, texts, got[name])
			}
		}
	})
}

// FuzzCommands sends a command whatever may be inside it: nothing panics, and
// every answer is well-formed.
func FuzzCommands(f *testing.F) {
	for _, s := range [][2]string{
		{" action='execute'", ""},
		{" action='complete' sessionid='x'", `<x xmlns='jabber:x:data' type='submit'/>`},
		{" action='cancel'", ""},
		{" sessionid=''", `<x xmlns='jabber:x:data' type='submit'><field var='max_items'><value>9</value></field></x>`},
		{" sessionid='&lt;'",
			`<x xmlns='jabber:x:data' type='submit'><field var='delay'><value>-0</value></field></x>`},
	} {
		for n := range uint8(19) {
			f.Add(n, s[0], s[1])
		}
	}
	config, err := conf.Parse("fuzz", "domains = ['a.lit']\nadmins = ['bard@a.lit']")
	if err != nil {
		f.Fatal(err)
	}
	r := router.New(router.Options{Config: config})
	admin := &Admin{Router: r, Shutdown: func() {}}
	all := NewCommands(func(*router.Packet) bool { return true }, admin.Commands()...)
	// What is run is only told: the store is not part of this.
	for i := range all.list {
		fields := all.list[i].Form != nil
		all.list[i].Run = func(_ context.Context, _ *router.Packet, values form.Values) (string, string, error) {
			if fields != (values != nil) && fields {
				return "", "", badPayload("no form")
			}
			_, err := most(values)
			return values.Lines("announcement"), form.XML("result", "", nsAdmin), err
		}
	}
	h := r.AddHost("a.lit", true, all)
	f.Fuzz(func(t *testing.T, n uint8, attrs, inside string) {
		c := all.list[int(n)%len(all.list)]
		st, err := stanza.Parse("<iq type='set' id='1' to='a.lit' from='bard@a.lit/x'><command xmlns='" + nsCommands +
			"' node='" + c.Node + "'" + attrs + ">" + inside + "</command></iq>")
		if err != nil || st.ChildCount() != 1 {
			return
		}
		for range 2 {
			p := &router.Packet{Stanza: st, From: st.From, To: st.To, Dest: h}
			if err := all.execute(t.Context(), p); err != nil {
				if e, ok := err.(*stanza.Error); ok {
					stanza.MustParse("<iq>" + e.XML() + "</iq>")
					continue
				}
				t.Fatal(err)
			}
		}
	})
}
