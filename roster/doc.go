// Package roster keeps the contact lists of a host's accounts and the
// subscriptions to their presence: RFC 6121 section 2 (Managing the Roster),
// section 3 (Managing Presence Subscriptions) and appendix A (Subscription
// States), with roster versioning (section 2.6, before it XEP-0237).
//
// What others ask most, who is subscribed to whom, is answered from memory by
// Roster.Contacts; names and groups stay in the database. Package presence
// sends the presence that follows from a changed subscription; it is called
// through router.Host.Presences.
package roster
