package stanza

import "testing"

func TestBuilder(t *testing.T) {
	for _, c := range []struct {
		build func(b *Builder) *Builder
		want  string
	}{
		{func(b *Builder) *Builder {
			return b.Start("query", "urn:q", "ver", "1").Start("item", "", "jid", "a@b").End().End()
		}, `<query xmlns='urn:q' ver='1'><item jid='a@b'/></query>`},
		{func(b *Builder) *Builder {
			return b.Start("a", "", "x", "", "y", "1", "odd").Attr("z", "").End()
		}, `<a y='1' z=''/>`},
		{func(b *Builder) *Builder { return b.Start("a", "").Text("").Raw("").End() }, `<a/>`},
		{func(b *Builder) *Builder {
			return b.Start("a", "").Text("<\n").Raw("<b/>").Text("&").End()
		}, "<a>&lt;\n<b/>&amp;</a>"},
		{func(b *Builder) *Builder {
			return b.Start("a", "").Elem("b", "urn:b", "x", "c", "\n").Elem("d", "", "").End()
		},
			"<a><b xmlns='urn:b' c='&#10;'>x</b><d/></a>"},
	} {
		var b Builder
		if got := c.build(&b).String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestAppendEscaped(t *testing.T) {
	for in, want := range map[string]string{
		"a<b>&'\"":           "a&lt;b&gt;&amp;&apos;&quot;",
		"\t\n\r":             "&#9;&#10;&#13;",
		"\x00\x1f\x7f":       "\uFFFD\uFFFD\x7f",
		"\u0436\U0001F600":   "\u0436\U0001F600",
		"\xff\xed\xa0\x80":   "\uFFFD\uFFFD\uFFFD\uFFFD",
		"\uFFFE\uFFFF\uFFFD": "\uFFFD\uFFFD\uFFFD",
		"":                   "", "plain": "plain",
	} {
		if got := string(AppendEscaped([]byte("x"), in)); got != "x"+want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
