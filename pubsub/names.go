package pubsub

const (
	nsPubsub  = "http://jabber.org/protocol/pubsub"
	nsOwner   = "http://jabber.org/protocol/pubsub#owner"
	nsEvent   = "http://jabber.org/protocol/pubsub#event"
	nsErrors  = "http://jabber.org/protocol/pubsub#errors"
	nsDelay   = "urn:xmpp:delay"
	nsInfo    = "http://jabber.org/protocol/disco#info"
	nsItems   = "http://jabber.org/protocol/disco#items"
	feature   = nsPubsub + "#"
	formNode  = nsPubsub + "#node_config"
	formMeta  = nsPubsub + "#meta-data"
	formPub   = nsPubsub + "#publish-options"
	formSub   = nsPubsub + "#subscribe_options"
	formAllow = nsPubsub + "#subscribe_authorization"
)

// Affiliations (XEP-0060 section 4.1, Affiliations).
const (
	owner       = "owner"
	publisher   = "publisher"
	publishOnly = "publish-only"
	member      = "member"
	outcast     = "outcast"
	none        = "none"
)

// Subscription states (XEP-0060 section 4.2, Subscription States).
const (
	subscribed = "subscribed"
	pending    = "pending"
)

// Access models (XEP-0060 section 4.5, Node Access Models).
const (
	accessOpen      = "open"
	accessPresence  = "presence"
	accessRoster    = "roster"
	accessAuthorize = "authorize"
	accessWhitelist = "whitelist"
)

// When the last published item is sent (XEP-0060 section 16.4.4, pubsub#node_config FORM_TYPE).
const (
	sendNever      = "never"
	sendOnSub      = "on_sub"
	sendOnPresence = "on_sub_and_presence"
)

// What happens to a full node (XEP-0060 section 7.1.2.5, Node is full).
const (
	fullRetract = "retract-oldest"
	fullDiscard = "discard-oldest"
	fullReject  = "reject"
)

// Whom an item names as its publisher (XEP-0060 section 12.17, Associating
// Events and Payloads with the Generating Entity).
const replyPublisher = "publisher"

// maxName is how long the ids of nodes and items may be: as a resourcepart
// (XEP-0060 section 4.6.2, JID+NodeID).
const maxName = 1023
