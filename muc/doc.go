// Package muc is the room service of a domain (XEP-0045: Multi-User Chat) and
// what clients expect around it.
//
// A Room is loaded when somebody asks for it and leaves memory when it is empty
// and idle. All that concerns a room is decided under its lock, in the record
// stage of the packet that asks for it, and what comes of it goes out through
// the room's outbox: a list of deliveries in the order in which they were
// decided, of which the oldest may wait for a commit (Room.out). So all
// occupants see messages and presence in one order, which is also the
// archive's, and none sees a message before it is stored.
//
// What a decision changes in memory it changes at once, and the rows follow in
// a write; if that fails, the room is read again from the store (Room.stale).
package muc
