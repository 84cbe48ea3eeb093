package stanza

// subscriptions are the names of an account's subscription to somebody else,
// by whether it receives the other's presence and the other its (RFC 6121
// section 2.1.2.5, Subscription Attribute).
var subscriptions = map[[2]bool]string{
	{false, false}: "none",
	{true, false}:  "to",
	{false, true}:  "from",
	{true, true}:   "both",
}

// Subscription names a state as rosters and privacy lists do: to says that the
// account receives the contact's presence, from that the contact receives the
// account's.
func Subscription(to, from bool) string { return subscriptions[[2]bool{to, from}] }

// IsSubscription says whether a text names a state of a subscription.
func IsSubscription(name string) bool {
	for _, n := range subscriptions {
		if n == name {
			return true
		}
	}
	return false
}
