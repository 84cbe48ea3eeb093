// Package xmlgen makes XML streams for tests of whatever reads or writes them:
// tables of what people send, of what must be refused and why, and a generator
// of strange but mostly well-formed stanzas that a fuzzer can steer. It knows
// nothing of the code under test.
package xmlgen

import "strings"

// Gen makes choices from a tape of bytes: the same tape, the same stream.
// When the tape ends, all choices are the first, the plainest.
type Gen struct {
	tape   []byte
	b      strings.Builder
	scopes [][]string // prefixes in scope, innermost last
	ns     string     // content namespace
}

// New starts a generator.
func New(tape []byte) *Gen { return &Gen{tape: tape} }

// pick chooses one of n.
func (g *Gen) pick(n int) int {
	if len(g.tape) == 0 {
		return 0
	}
	c := int(g.tape[0])
	g.tape = g.tape[1:]
	return c % n
}

// one chooses from a list.
func (g *Gen) one(list ...string) string { return list[g.pick(len(list))] }

// Header is a stream header, usually one that a stanza can follow.
func (g *Gen) Header() string {
	g.b.Reset()
	g.ns = g.one("jabber:client", "jabber:server", "jabber:component:accept")
	stream := g.one("stream", "stream", "s", "p")
	g.scopes = [][]string{{"xml", stream}}
	g.b.WriteString(g.one("", "<?xml version='1.0'?>"))
	g.b.WriteString("<" + stream + ":stream")
	g.attr("xmlns:"+stream, "http://etherx.jabber.org/streams")
	g.attr("xmlns", g.ns)
	for _, p := range []string{"a", "b", "c"} {
		if g.pick(3) == 1 && p != stream {
			g.declare(p)
		}
	}
	if g.pick(2) == 1 {
		g.attr("xml:lang", g.one("de", "", "a&amp;b"))
	}
	g.b.WriteString(">")
	return g.b.String()
}

// Element is an element to follow the last Header.
func (g *Gen) Element() string {
	g.b.Reset()
	g.element(0)
	return g.b.String()
}

// element writes one element with what is in it.
func (g *Gen) element(depth int) {
	g.scopes = append(g.scopes, nil)
	defer func() { g.scopes = g.scopes[:len(g.scopes)-1] }()
	name := g.name(depth)
	g.b.WriteString("<" + name)
	g.attrs(depth, name)
	g.b.WriteString(g.one("", "", "", " ", "\r\n\t"))
	if g.pick(4) == 0 {
		g.b.WriteString("/>")
		return
	}
	g.b.WriteString(">")
	for n := g.pick(4); n > 0; n-- {
		switch {
		case g.pick(3) == 0:
			g.b.WriteString(g.text())
		case depth < 5:
			g.element(depth + 1)
		}
	}
	g.b.WriteString("</" + name + g.one("", "", "", " ", "\n") + ">")
}

// name is the name of an element; a prefix is used before it is declared if it
// has to be.
func (g *Gen) name(depth int) string {
	if depth == 0 && g.pick(8) != 7 {
		return g.one("message", "presence", "iq")
	}
	local := g.one("body", "x", "forwarded", "message", "error", "a-b.c_1", "ключ", "名", "e\u0301")
	if g.pick(3) != 1 {
		return local
	}
	return g.prefix() + ":" + local
}

// prefix is one in scope, as a rule.
func (g *Gen) prefix() string {
	var all []string
	for _, s := range g.scopes {
		all = append(all, s...)
	}
	if g.pick(16) == 15 {
		return "undeclared"
	}
	return all[g.pick(len(all))]
}

// attrs writes attributes and declarations, and what the name needs.
func (g *Gen) attrs(depth int, name string) {
	used := map[string]bool{}
	if depth == 0 {
		for _, a := range []string{"to", "from", "id", "type", "xml:lang"} {
			if g.pick(3) == 1 {
				used[a] = true
				g.attr(a, g.value())
			}
		}
	}
	for n := g.pick(4); n > 0; n-- {
		a := g.one("xmlns", "xmlns", "xmlns:", "p", "to", ":", "xml:lang", "ключ")
		switch a {
		case "xmlns:":
			a = "xmlns:" + g.one("a", "b", "c", "d")
		case ":":
			a = g.prefix() + ":" + g.one("x", "to", "y")
		}
		if used[a] {
			continue
		}
		used[a] = true
		switch {
		case a == "xmlns":
			g.attr(a, g.namespace())
		case strings.HasPrefix(a, "xmlns:"):
			g.declare(a[len("xmlns:"):])
		default:
			g.attr(a, g.value())
		}
	}
	if prefix, _, ok := strings.Cut(name, ":"); ok && prefix == "undeclared" && g.pick(4) != 3 {
		g.declare(prefix)
	}
}

// declare writes a declaration of prefix.
func (g *Gen) declare(prefix string) {
	ns := g.namespace()
	if ns == "" && g.pick(8) != 7 {
		ns = "urn:c"
	}
	last := len(g.scopes) - 1
	g.scopes[last] = append(g.scopes[last], prefix)
	g.attr("xmlns:"+prefix, ns)
}

// attr writes one attribute whose value is escaped already.
func (g *Gen) attr(name, value string) {
	quote := g.one("'", "'", "\"")
	if strings.Contains(value, quote) {
		quote = map[string]string{"'": "\"", "\"": "'"}[quote]
	}
	g.b.WriteString(g.one(" ", " ", " ", "\n", " \t ") + name + g.one("=", "=", "=", " = ", "=\n"))
	g.b.WriteString(quote + value + quote)
}

// namespace is a namespace name as it is written.
func (g *Gen) namespace() string {
	return g.one("urn:a", g.ns, g.ns, "urn:b", "", "urn:xmpp:forward:0", "jabber:client",
		"jabber:server", "urn:&#x61;", "urn:a?b&amp;c='", "jabber:clien&#116;", "urn:é", "jabber:component:accept")
}

// value is the value of an attribute as it is written.
func (g *Gen) value() string {
	return g.one("v", "", "a@example.com/x", "&lt;&amp;&gt;", "it's", "say \"x\"", "&#10;",
		"a\tb\r\nc", "é\U0001F600", ">", "]]>", "error", "A@Example.com", "@")
}

// text is character data as it is written.
func (g *Gen) text() string {
	return g.one("text", "]", ">", " ", "&amp;&lt;&#x41;&quot;", "<![CDATA[<&]]>", "<![CDATA[]]>", "\r\n\t",
		"\r", "]]&gt;", "]", "]]", ">", "é\u2028\U0001F600\uFFFD", "<![CDATA[]]]]>", "x\u0085",
		"&#13;&#10;")
}
