// Package pubsub publishes: nodes with items, to which others subscribe
// (XEP-0060: Publish-Subscribe), on every account (XEP-0163: Personal Eventing
// Protocol) and at a service host of its own. The two differ in who may make
// nodes, in what a node is by default, and in whom its events go to besides the
// subscribers: an account's go to its own resources and its contacts', as far
// as their clients ask for them (router.Caps).
//
// A request is decided inside the transaction that carries it out. What it has
// to tell becomes an event there, which is sent behind the commit, and in the
// order of commits. An event is one text for all who get it, and takes the way
// of every stanza: who is blocked does not get it.
//
// Some nodes have other faces: bookmarks (XEP-0402, XEP-0048, also as private
// XML), avatars (XEP-0084, as the photo of a vCard and its hash in presence by
// XEP-0398). Each is written in one transaction from one side.
//
// Collections (XEP-0248), subscription identifiers, digests and leases are not
// there.
package pubsub
