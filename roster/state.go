package roster

import "parley/store"

// state is one of the nine subscription states between a user and a contact,
// seen from the user (RFC 6121 appendix A.1, Defined States).
type state uint8

const (
	none state = iota
	noneOut
	noneIn
	noneOutIn
	to
	toIn
	from
	fromOut
	both
	states // how many there are
)

// The four types of stanza that manage subscriptions (RFC 6121 section 3,
// Managing Presence Subscriptions).
const (
	subscribe    = "subscribe"
	subscribed   = "subscribed"
	unsubscribe  = "unsubscribe"
	unsubscribed = "unsubscribed"
)

// managesSubscription tells those four from other presence.
func managesSubscription(typ string) bool {
	switch typ {
	case subscribe, subscribed, unsubscribe, unsubscribed:
		return true
	}
	return false
}

// stateOf is the state an item is in. An unknown contact is in state "None".
func stateOf(i *store.RosterItem) state {
	switch {
	case i.To && i.From:
		return both
	case i.To && i.Pending != "":
		return toIn
	case i.To:
		return to
	case i.From && i.Ask:
		return fromOut
	case i.From:
		return from
	case i.Ask && i.Pending != "":
		return noneOutIn
	case i.Ask:
		return noneOut
	case i.Pending != "":
		return noneIn
	}
	return none
}

// setState writes a state into an item. request is the stanza to keep where
// the state becomes "Pending In" only now; one that is kept already stays
// (RFC 6121 section 3.1.3, Server Processing of Inbound Subscription Request).
func setState(i *store.RosterItem, s state, request string) {
	i.To = s == to || s == toIn || s == both
	i.From = s == from || s == fromOut || s == both
	i.Ask = s == noneOut || s == noneOutIn || s == fromOut
	switch pending := s == noneIn || s == noneOutIn || s == toIn; {
	case !pending:
		i.Pending = ""
	case i.Pending == "":
		i.Pending = request
	}
}

// table says for each existing state what the new one is and whether the
// stanza goes on: is routed when it is outbound, delivered when it is inbound.
type table [states]struct {
	pass bool
	next state
}

// outbound is RFC 6121 appendix A.2, Server Processing of Outbound Presence
// Subscription Stanzas.
func outbound(typ string) *table {
	switch typ {
	case subscribe:
		return &outSubscribe
	case unsubscribe:
		return &outUnsubscribe
	case subscribed:
		return &outSubscribed
	}
	return &outUnsubscribed
}

// inbound is RFC 6121 appendix A.3, Server Processing of Inbound Presence
// Subscription Stanzas.
func inbound(typ string) *table {
	switch typ {
	case subscribe:
		return &inSubscribe
	case unsubscribe:
		return &inUnsubscribe
	case subscribed:
		return &inSubscribed
	}
	return &inUnsubscribed
}

const (
	yes = true
	no  = false
)

// The user asks for the contact's presence. The request is always routed, so
// that states which the two servers hold differently can meet again
// (RFC 6121 appendix A.2.1, Subscribe).
var outSubscribe = table{
	none:      {yes, noneOut},
	noneOut:   {yes, noneOut},
	noneIn:    {yes, noneOutIn},
	noneOutIn: {yes, noneOutIn},
	to:        {yes, to},
	toIn:      {yes, toIn},
	from:      {yes, fromOut},
	fromOut:   {yes, fromOut},
	both:      {yes, both},
}

// The user wants the contact's presence no more, or takes the request back
// (RFC 6121 appendix A.2.2, Unsubscribe).
var outUnsubscribe = table{
	none:      {yes, none},
	noneOut:   {yes, none},
	noneIn:    {yes, noneIn},
	noneOutIn: {yes, noneIn},
	to:        {yes, none},
	toIn:      {yes, noneIn},
	from:      {yes, from},
	fromOut:   {yes, from},
	both:      {yes, from},
}

// The user approves the contact's request. Without a request it is an approval
// in advance (RFC 6121 appendix A.2.3, Subscribed; section 3.4).
var outSubscribed = table{
	none:      {no, none},
	noneOut:   {no, noneOut},
	noneIn:    {yes, from},
	noneOutIn: {yes, fromOut},
	to:        {no, to},
	toIn:      {yes, both},
	from:      {no, from},
	fromOut:   {no, fromOut},
	both:      {no, both},
}

// The user denies the contact's request or takes the approval back
// (RFC 6121 appendix A.2.4, Unsubscribed).
var outUnsubscribed = table{
	none:      {no, none},
	noneOut:   {no, noneOut},
	noneIn:    {yes, none},
	noneOutIn: {yes, noneOut},
	to:        {no, to},
	toIn:      {yes, to},
	from:      {yes, none},
	fromOut:   {yes, noneOut},
	both:      {yes, to},
}

// The contact asks for the user's presence (RFC 6121 appendix A.3.1, Subscribe).
var inSubscribe = table{
	none:      {yes, noneIn},
	noneOut:   {yes, noneOutIn},
	noneIn:    {no, noneIn},
	noneOutIn: {no, noneOutIn},
	to:        {yes, toIn},
	toIn:      {no, toIn},
	from:      {no, from},
	fromOut:   {no, fromOut},
	both:      {no, both},
}

// The contact wants the user's presence no more (RFC 6121 appendix A.3.2, Unsubscribe).
var inUnsubscribe = table{
	none:      {no, none},
	noneOut:   {no, noneOut},
	noneIn:    {yes, none},
	noneOutIn: {yes, noneOut},
	to:        {no, to},
	toIn:      {yes, to},
	from:      {yes, none},
	fromOut:   {yes, noneOut},
	both:      {yes, to},
}

// The contact approves the user's request (RFC 6121 appendix A.3.3, Subscribed).
var inSubscribed = table{
	none:      {no, none},
	noneOut:   {yes, to},
	noneIn:    {no, noneIn},
	noneOutIn: {yes, toIn},
	to:        {no, to},
	toIn:      {no, toIn},
	from:      {no, from},
	fromOut:   {yes, both},
	both:      {no, both},
}

// The contact denies the user's request or takes the approval back
// (RFC 6121 appendix A.3.4, Unsubscribed).
var inUnsubscribed = table{
	none:      {no, none},
	noneOut:   {yes, none},
	noneIn:    {no, noneIn},
	noneOutIn: {yes, noneIn},
	to:        {yes, none},
	toIn:      {yes, noneIn},
	from:      {no, from},
	fromOut:   {yes, from},
	both:      {yes, from},
}
