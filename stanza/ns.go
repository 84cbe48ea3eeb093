package stanza

// Namespaces of RFC 6120 and RFC 6121 that more than one package needs.
const (
	NSClient    = "jabber:client"
	NSServer    = "jabber:server"
	NSComponent = "jabber:component:accept" // XEP-0114
	NSStream    = "http://etherx.jabber.org/streams"
	NSStreams   = "urn:ietf:params:xml:ns:xmpp-streams"
	NSStanzas   = "urn:ietf:params:xml:ns:xmpp-stanzas"
	NSTLS       = "urn:ietf:params:xml:ns:xmpp-tls"
	NSSASL      = "urn:ietf:params:xml:ns:xmpp-sasl"
	NSSASL2     = "urn:xmpp:sasl:2" // XEP-0388
	NSBind      = "urn:ietf:params:xml:ns:xmpp-bind"
	NSSession   = "urn:ietf:params:xml:ns:xmpp-session"
	NSXML       = "http://www.w3.org/XML/1998/namespace"
)
