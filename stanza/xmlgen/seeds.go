package xmlgen

import "strings"

// PlainHeader is a client's stream header.
const PlainHeader = `<stream:stream to='example.com' xmlns='jabber:client' ` +
	`xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`

// PrefixHeader is one that declares a prefix and a language.
const PrefixHeader = `<stream:stream to='example.com' xmlns='jabber:client' xmlns:p='urn:p' ` +
	`xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en'>`

var blanks300 = strings.Repeat(" ", 300)

// Headers are stream headers as people write them, and as they could.
var Headers = []string{
	PlainHeader,
	`<?xml version='1.0'?><stream:stream to="example.com" version="1.0" xml:lang="en" ` +
		`xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">`,
	`<?xml version="1.0" encoding='utf-8' standalone="yes" ?>` + "\n" +
		`<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server' ` +
		`xmlns:db='jabber:server:dialback' xmlns:p='urn:p' xmlns:q='urn:q&amp;r' from='a&apos;b'>`,
	`<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' ` +
		`xmlns:xml='http://www.w3.org/XML/1998/namespace' to='c.example.com'>`,
	`<stream xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:client'>`,
	`<x:stream xmlns:x='http://etherx.jabber.org/streams'>`,
	`<?xml version="1.0" standalone='no'?><stream:stream xmlns='jabber:client' ` +
		`xmlns:stream='http://etherx.jabber.org/streams'>`,
}

// Elements are what may follow a header: the usual, and the strange that is
// well-formed.
var Elements = []string{
	Chat, Presence, Cyrillic,
	`<presence/>`,
	`<iq type='get' id='1'><query xmlns='jabber:iq:roster' ver=''/></iq>`,
	`<iq type="set" id="a&amp;b&#x27;"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind">` +
		`<resource>x</resource></bind></iq>`,
	`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGp1bGlldAByMG0zMG0=</auth>`,
	`<message xmlns='jabber:client'><body xmlns='jabber:client'>x</body></message>`,
	`<message><body xmlns='jabber:client'><b xmlns='jabber:client'/></body>` +
		`<forwarded xmlns='urn:xmpp:forward:0'>` +
		`<message xmlns='jabber:client' from='a@b'><body>hi</body></message></forwarded></message>`,
	`<message><x:x xmlns:x='urn:x' x:y='1' y='2' xml:lang='de'>` +
		`<body>in the default namespace</body></x:x></message>`,
	`<message p:a='1'><p:x/><y xmlns='urn:y' xmlns:p='urn:other'><p:z p:b=''/></y></message>`,
	`<message to = "a@b/&quot;'&#9;" ` + "\n\t" + `id='` + "a\tb\r\nc" + `' ><body ></body >` +
		`<![CDATA[<&]]]]>&gt;</message >`,
	`<message><a:b xmlns:a='urn:1'><a:b xmlns:a='urn:2'/></a:b><body>&#x1F600;` +
		"\U0001F600\uFFFD\u0085\r\n\r" + `</body></message>`,
	`<message><été xmlns='urn:été'><名前 ключ='значение' א='ב'/></été></message>`,
	`<p:foo xmlns:p='urn:foo'><bar xmlns=''><baz/></bar></p:foo>`,
	`<message><f xmlns='urn:f'><c:message xmlns:c='jabber:client'><c:body/></c:message></f></message>`,
	`<message>]x> ]> ]]x> x]]&gt; &#xAF;&#xfa;&#x9;&#57; ]<a/>]></message>`,
	`<r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='5'/>`,
	` ` + "\n" + `<message/> `,
	`</stream:stream>`,
	`<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`,
}

// Bad is XML that must be refused, with the stream error condition that says
// why (RFC 6120 section 4.9.3, Defined Stream Error Conditions).
type Bad struct{ Name, XML, Condition string }

// IllFormed are elements that must be refused, with the condition. Each is put
// after a stream header that declares the prefix p.
var IllFormed = []Bad{
	{"comment", `<message><!-- x --></message>`, "restricted-xml"},
	{"comment between stanzas", `<!-- x -->`, "restricted-xml"},
	{"processing instruction", `<message><?php x?></message>`, "restricted-xml"},
	{"processing instruction between stanzas", `<?x?>`, "restricted-xml"},
	{"processing instruction like a declaration",
		`<message><?xml-stylesheet x?></message>`, "restricted-xml"},
	{"document type", `<!DOCTYPE foo [<!ENTITY x "y">]>`, "restricted-xml"},
	{"document type in a stanza", `<message><!DOCTYPE foo></message>`, "restricted-xml"},
	{"entity reference", `<message><body>&nbsp;</body></message>`, "restricted-xml"},
	{"entity reference in a value", `<message to='&x;'/>`, "restricted-xml"},
	{"late XML declaration", `<?xml version='1.0'?><message/>`, "not-well-formed"},
	{"late XML declaration in a stanza",
		`<message><?xml version='1.0'?></message>`, "not-well-formed"},
	{"element declaration", `<message><!ELEMENT a></message>`, "not-well-formed"},
	{"broken CDATA", `<message><![CDATE[x]]></message>`, "not-well-formed"},
	{"lower-case CDATA", `<message><![cdata[x]]></message>`, "not-well-formed"},
	{"CDATA between stanzas", `<![CDATA[x]]>`, "bad-format"},
	{"text between stanzas", `x`, "bad-format"},
	{"text after a stanza", `<message/>x<message/>`, "bad-format"},
	{"reference between stanzas", `&#32;`, "bad-format"},

	{"undeclared element prefix", `<message><q:x/></message>`, "not-well-formed"},
	{"undeclared root prefix", `<q:x/>`, "not-well-formed"},
	{"undeclared attribute prefix", `<message q:x='1'/>`, "not-well-formed"},
	{"prefix declared on a sibling",
		`<message><a xmlns:q='urn:q'/><q:b/></message>`, "not-well-formed"},
	{"prefix declared on an inner element",
		`<message><q:a><b xmlns:q='urn:q'/></q:a></message>`, "not-well-formed"},
	{"end tag with another prefix", `<a:x xmlns:a='u' xmlns:b='u'></b:x>`, "not-well-formed"},
	{"prefix undeclared again",
		`<message><x xmlns:q='urn:q'><y xmlns:q=''/></x></message>`, "not-well-formed"},
	{"empty prefix declaration", `<message xmlns:q=''/>`, "not-well-formed"},
	{"xml prefix bound to another", `<message xmlns:xml='urn:x'/>`, "not-well-formed"},
	{"other prefix bound to xml",
		`<message xmlns:x='http://www.w3.org/XML/1998/namespace'/>`, "not-well-formed"},
	{"xml as default namespace",
		`<message xmlns='http://www.w3.org/XML/1998/namespace'/>`, "not-well-formed"},
	{"xmlns prefix declared",
		`<message xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>`, "not-well-formed"},
	{"xmlns prefix bound to another", `<message xmlns:xmlns='urn:x'/>`, "not-well-formed"},
	{"other prefix bound to xmlns",
		`<message xmlns:x='http://www.w3.org/2000/xmlns/'/>`, "not-well-formed"},
	{"xmlns as default namespace",
		`<message xmlns='http://www.w3.org/2000/xmlns/'/>`, "not-well-formed"},
	{"xmlns as default namespace by reference",
		`<message xmlns='http://www.w3.org/2000/xmln&#x73;/'/>`, "not-well-formed"},
	{"xmlns as element prefix", `<xmlns:message/>`, "not-well-formed"},
	{"blank in a namespace", `<message><x xmlns='a b'/></message>`, "not-well-formed"},
	{"line feed in a namespace", `<message><x xmlns='a&#10;b'/></message>`, "not-well-formed"},
	{"separator in a namespace", `<message><x xmlns='a}b'/></message>`, "not-well-formed"},
	{"separator in a prefixed namespace",
		`<message><x xmlns:q='a|b'/></message>`, "not-well-formed"},
	{"duplicate attribute", `<message to='a@b' to='c@d'/>`, "not-well-formed"},
	{"duplicate declaration",
		`<message xmlns='jabber:client' xmlns='jabber:client'/>`, "not-well-formed"},
	{"duplicate attribute by namespace",
		`<message xmlns:a='urn:a' xmlns:b='urn:a' a:x='1' b:x='2'/>`, "not-well-formed"},
	{"duplicate attribute by header's namespace",
		`<message xmlns:a='urn:p' a:x='1' p:x='2'/>`, "not-well-formed"},
	{"duplicate attribute by reference",
		`<message xmlns:a='urn:&#x61;' xmlns:b='urn:a' a:x='1' b:x='2'/>`, "not-well-formed"},
	{"duplicate of many attributes",
		`<a a='' b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l='' a=''/>` +
			``, "not-well-formed"},

	{"end tag does not match", `<message></massage>`, "not-well-formed"},
	{"end tag longer", `<message></messages>`, "not-well-formed"},
	{"end tag shorter", `<message></messag>`, "not-well-formed"},
	{"end tag with attribute", `<message></message a='1'>`, "not-well-formed"},
	{"end tag with blank first", `<message></ message>`, "not-well-formed"},
	{"end tag without element", `</message>`, "not-well-formed"},
	{"wrong nesting", `<a><b></a></b>`, "not-well-formed"},
	{"blank before name", `< message/>`, "not-well-formed"},
	{"no name", `<>`, "not-well-formed"},
	{"only a slash", `</>`, "not-well-formed"},
	{"empty tag with blank", `<message/ >`, "not-well-formed"},
	{"slash in a tag", `<message / to='a'>`, "not-well-formed"},
	{"tag in a tag", `<message <body/>`, "not-well-formed"},
	{"digit begins a name", `<1a/>`, "not-well-formed"},
	{"hyphen begins a name", `<-a/>`, "not-well-formed"},
	{"dot begins an attribute", `<a .b='1'/>`, "not-well-formed"},
	{"digit after the colon", `<p:1/>`, "not-well-formed"},
	{"colon begins a name", `<:a/>`, "not-well-formed"},
	{"colon ends a name", `<p:/>`, "not-well-formed"},
	{"two colons", `<p:a:b/>`, "not-well-formed"},
	{"two colons in a row", `<p::b/>`, "not-well-formed"},
	{"colon ends an attribute", `<a p:='1'/>`, "not-well-formed"},
	{"colon ends a declaration", `<a xmlns:='urn:a'/>`, "not-well-formed"},
	{"fifth-edition name", "<a\u3321/>", "not-well-formed"},
	{"fifth-edition first character", "<\u2C00/>", "not-well-formed"},
	{"astral name", "<\U00010000/>", "not-well-formed"},
	{"combining mark begins a name", "<\u0300a/>", "not-well-formed"},
	{"punctuation in a name", `<a!/>`, "not-well-formed"},
	{"multiplication sign in a name", "<a\u00D7/>", "not-well-formed"},

	{"attribute without value", `<message to/>`, "not-well-formed"},
	{"attribute without quotes", `<message to=a/>`, "not-well-formed"},
	{"attribute with a quote only behind", `<message to=a'/>`, "not-well-formed"},
	{"attribute without name", `<message ='a'/>`, "not-well-formed"},
	{"attributes run together", `<message to='a@b'id='1'/>`, "not-well-formed"},
	{"attribute run together with name", `<message'a'/>`, "not-well-formed"},
	{"less-than in a value", `<message to='<'/>`, "not-well-formed"},
	{"ampersand in a value", `<message to='a & b'/>`, "not-well-formed"},
	{"open reference in a value", `<message to='&amp'/>`, "not-well-formed"},
	{"control character in a value", "<message to='\x01'/>", "not-well-formed"},
	{"null in a value", "<message to='\x00'/>", "not-well-formed"},

	{"CDATA end in text", `<message>]]></message>`, "not-well-formed"},
	{"CDATA end in text after brackets", `<message>]]]></message>`, "not-well-formed"},
	{"control character", "<message>\x01</message>", "not-well-formed"},
	{"null", "<message>\x00</message>", "not-well-formed"},
	{"escape", "<message>\x1b[31m</message>", "not-well-formed"},
	{"control character in CDATA", "<message><![CDATA[\x0c]]></message>", "not-well-formed"},
	{"U+FFFE", "<message>\uFFFE</message>", "not-well-formed"},
	{"U+FFFF", "<message>\uFFFF</message>", "not-well-formed"},
	{"U+FFFE in a value", "<message to='\uFFFE'/>", "not-well-formed"},
	{"U+FFFF in CDATA", "<message><![CDATA[\uFFFF]]></message>", "not-well-formed"},
	{"bare ampersand", `<message>a & b</message>`, "not-well-formed"},
	{"ampersand and less-than", `<message>&<</message>`, "not-well-formed"},
	{"empty reference", `<message>&;</message>`, "not-well-formed"},
	{"reference without number", `<message>&#;</message>`, "not-well-formed"},
	{"reference without hexadecimal number", `<message>&#x;</message>`, "not-well-formed"},
	{"reference with upper-case X", `<message>&#X41;</message>`, "not-well-formed"},
	{"reference with a wrong digit", `<message>&#1a;</message>`, "not-well-formed"},
	{"reference with a sign", `<message>&#-1;</message>`, "not-well-formed"},
	{"reference to null", `<message>&#0;</message>`, "not-well-formed"},
	{"reference to a control character", `<message>&#x1;</message>`, "not-well-formed"},
	{"reference to a surrogate", `<message>&#xD800;</message>`, "not-well-formed"},
	{"reference to a pair of surrogates",
		`<message>&#xD83D;&#xDE00;</message>`, "not-well-formed"},
	{"reference to U+FFFE", `<message>&#xFFFE;</message>`, "not-well-formed"},
	{"reference beyond Unicode", `<message>&#x110000;</message>`, "not-well-formed"},
	{"reference far beyond", `<message>&#x100000041;</message>`, "not-well-formed"},
	{"reference in upper case", `<message>&AMP;</message>`, "restricted-xml"},

	{"lone continuation byte", "<message>\x80</message>", "unsupported-encoding"},
	{"Latin-1", "<message>\xe4</message>", "unsupported-encoding"},
	{"cut sequence", "<message>\xc3</message>", "unsupported-encoding"},
	{"cut sequence of three", "<message>\xe2\x82</message>", "unsupported-encoding"},
	{"overlong slash", "<message>\xc0\xaf</message>", "unsupported-encoding"},
	{"overlong less-than", "<message>\xe0\x80\xbc</message>", "unsupported-encoding"},
	{"overlong null", "<message>\xf0\x80\x80\x80</message>", "unsupported-encoding"},
	{"encoded surrogate", "<message>\xed\xa0\x80</message>", "unsupported-encoding"},
	{"encoded pair of surrogates",
		"<message>\xed\xa0\xbd\xed\xb8\x80</message>", "unsupported-encoding"},
	{"beyond Unicode", "<message>\xf4\x90\x80\x80</message>", "unsupported-encoding"},
	{"five bytes", "<message>\xf8\x88\x80\x80\x80</message>", "unsupported-encoding"},
	{"FE FF", "<message>\xfe\xff</message>", "unsupported-encoding"},
	{"wrong byte in a value", "<message to='\xff'/>", "unsupported-encoding"},
	{"wrong byte in a name", "<a\xff/>", "unsupported-encoding"},
	{"wrong byte in CDATA", "<a><![CDATA[\xff]]></a>", "unsupported-encoding"},

	{"stanza with a prefix", `<c:message xmlns:c='jabber:client'/>`, "bad-namespace-prefix"},
	{"child with a prefix",
		`<message><c:body xmlns:c='jabber:client'/></message>`, "bad-namespace-prefix"},
	{"child with a prefix of the root",
		`<message xmlns:c='jabber:client'><c:body/></message>`, "bad-namespace-prefix"},
	{"stanza with a prefix for another content namespace",
		`<c:message xmlns:c='jabber:server'/>`, "bad-namespace-prefix"},
	{"child with a prefix for another content namespace",
		`<message><x xmlns='jabber:server'><c:y xmlns:c='jabber:client'/></x></message>` +
			``, "bad-namespace-prefix"},
	{"grandchild with a prefix",
		`<message><a><c:b xmlns:c='jabber:client'/></a></message>`, "bad-namespace-prefix"},

	{"long reference", `<message>&#x00000000000000000041;</message>`, "policy-violation"},
}

// IllHeaders are stream headers that must be refused, with the condition.
var IllHeaders = []Bad{
	{"wrong stream namespace",
		`<stream:stream xmlns:stream='http://wrong.example/streams' xmlns='jabb` +
			`er:client'>`, "invalid-namespace"},
	{"no stream namespace", `<stream xmlns='jabber:client'>`, "invalid-namespace"},
	{"undeclared stream prefix", `<stream:stream xmlns='jabber:client'>`, "not-well-formed"},
	{"stanza first", `<message/>`, "invalid-namespace"},
	{"wrong name",
		`<stream:features xmlns:stream='http://etherx.jabber.org/streams'>`, "bad-format"},
	{"closed at once",
		`<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>`, "bad-format"},
	{"end tag first", `</stream:stream>`, "not-well-formed"},
	{"text first", `hello`, "not-well-formed"},
	{"HTTP", "GET / HTTP/1.1\r\n\r\n", "not-well-formed"},
	{"TLS", "\x16\x03\x01\x02\x00", "not-well-formed"},
	{"CDATA first", `<![CDATA[x]]>`, "not-well-formed"},
	{"byte order mark", "\uFEFF" + PlainHeader, "not-well-formed"},
	{"UTF-16", "\xff\xfe<\x00", "not-well-formed"},
	{"comment first", `<!-- x -->`, "restricted-xml"},
	{"document type first", `<!DOCTYPE stream>`, "restricted-xml"},
	{"processing instruction first", `<?php x?>`, "restricted-xml"},
	{"processing instruction after the declaration",
		`<?xml version='1.0'?><?x?>`, "restricted-xml"},
	{"second XML declaration", `<?xml version='1.0'?><?xml version='1.0'?>`, "not-well-formed"},
	{"XML declaration after white space", ` <?xml version='1.0'?>`, "not-well-formed"},
	{"XML declaration in upper case", `<?XML version='1.0'?>`, "restricted-xml"},
	{"XML 1.1", `<?xml version='1.1'?>`, "not-well-formed"},
	{"no version", `<?xml encoding='UTF-8'?>`, "not-well-formed"},
	{"empty declaration", `<?xml ?>`, "not-well-formed"},
	{"Latin-1", `<?xml version='1.0' encoding='ISO-8859-1'?>`, "unsupported-encoding"},
	{"UTF-16 declared", `<?xml version='1.0' encoding='UTF-16'?>`, "unsupported-encoding"},
	{"US-ASCII", `<?xml version='1.0' encoding='US-ASCII'?>`, "unsupported-encoding"},
	{"encoding first", `<?xml encoding='UTF-8' version='1.0'?>`, "not-well-formed"},
	{"encoding twice",
		`<?xml version='1.0' encoding='UTF-8' encoding='UTF-8'?>`, "not-well-formed"},
	{"encoding after standalone",
		`<?xml version='1.0' standalone='yes' encoding='UTF-8'?>`, "not-well-formed"},
	{"standalone twice",
		`<?xml version='1.0' standalone='yes' standalone='yes'?>`, "not-well-formed"},
	{"standalone first", `<?xml standalone='yes' version='1.0'?>`, "not-well-formed"},
	{"version twice", `<?xml version='1.0' version='1.0'?>`, "not-well-formed"},
	{"wrong standalone", `<?xml version='1.0' standalone='maybe'?>`, "not-well-formed"},
	{"unknown part", `<?xml version='1.0' x='y'?>`, "not-well-formed"},
	{"parts run together", `<?xml version='1.0'encoding='UTF-8'?>`, "not-well-formed"},
	{"no quotes", `<?xml version=1.0?>`, "not-well-formed"},
	{"wrong byte in the declaration", "<?xml version='1.0' \xff?>", "not-well-formed"},
	{"endless declaration", `<?xml version='1.0' ` + blanks300, "not-well-formed"},
	{"text after the declaration", `<?xml version='1.0'?>x`, "not-well-formed"},
	{"undeclared attribute prefix",
		`<stream:stream xmlns:stream='http://etherx.jabber.org/streams' db:x='1'>` +
			``, "not-well-formed"},
	{"duplicate attribute",
		`<stream:stream to='a' to='b' xmlns:stream='http://etherx.jabber.org/streams'>` +
			``, "not-well-formed"},
	{"xml prefix rebound",
		`<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns:x` +
			`ml='urn:x'>`, "not-well-formed"},
	{"empty prefix",
		`<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns:a=''>` +
			``, "not-well-formed"},
}

// Streams are whole streams for the fuzz targets.
func Streams() []string {
	var out []string
	for _, h := range Headers {
		for _, e := range Elements {
			out = append(out, h+e)
		}
	}
	for _, c := range IllFormed {
		out = append(out, PrefixHeader+c.XML)
	}
	for _, c := range IllHeaders {
		out = append(out, c.XML)
	}
	return out
}
