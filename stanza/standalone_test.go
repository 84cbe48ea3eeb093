package stanza

import "testing"

func TestStandalone(t *testing.T) {
	for _, tc := range []struct{ name, inner, want string }{
		{"own namespace", `<a xmlns='u'>x <b/> y</a>`, `<a xmlns='u'>x <b/> y</a>`},
		{"default of the parent", `<a>x</a>`, `<a xmlns='v&amp;w'>x</a>`},
		{"prefix of the parent", `<p:a p:b='1'/>`, `<p:a xmlns:p='pp' xmlns='v&amp;w' p:b='1'/>`},
		{"prefix deep inside", `<a xmlns='u'><p:b/></a>`, `<a xmlns:p='pp' xmlns='u'><p:b/></a>`},
		{"prefix declared again", `<p:a xmlns:p='q' xmlns='u'/>`, `<p:a xmlns:p='q' xmlns='u'/>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := MustParse(`<iq><query xmlns='v&amp;w' xmlns:p='pp'><z xmlns='z' xmlns:y='y'/>` +
				tc.inner + `</query></iq>`)
			c, _ := s.Payload()
			e := s.Element(c).Children[1]
			if got := e.Standalone(); got != tc.want {
				t.Errorf("%s came, %s expected", got, tc.want)
			}
			again := MustParse(e.Standalone()).Root()
			if again.NS != e.NS || again.Name != e.Name || again.Text != e.Text {
				t.Errorf("read again as %+v, was %+v", again, e)
			}
		})
	}
}
