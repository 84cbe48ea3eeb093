package pubsub

import "parley/stanza"

// app adds an application-specific condition (XEP-0060 section 17.2,
// http://jabber.org/protocol/pubsub#errors).
func app(e *stanza.Error, condition string) *stanza.Error {
	return e.WithApp("<" + condition + " xmlns='" + nsErrors + "'/>")
}

// unsupported says which feature is missing (XEP-0060 section 11, Error Conditions).
func unsupported(name string) *stanza.Error {
	return stanza.FeatureNotImplemented.WithApp(
		"<unsupported xmlns='" + nsErrors + "' feature='" + name + "'/>")
}

// The errors of XEP-0060 that are more than a condition; never changed.
var (
	errNodeRequired = app(stanza.BadRequest, "nodeid-required")             // section 7.2.3.3
	errItemRequired = app(stanza.BadRequest, "item-required")               // section 7.2.3.4
	errItemForbid   = app(stanza.BadRequest, "item-forbidden")              // section 7.1.3.7
	errNoPayload    = app(stanza.BadRequest, "payload-required")            // section 7.1.3.7
	errBadPayload   = app(stanza.BadRequest, "invalid-payload")             // section 7.1.3.6
	errTooBig       = app(stanza.NotAcceptable, "payload-too-big")          // section 7.1.3.5
	errNodeFull     = app(stanza.Conflict, "node-full")                     // section 7.1.3.4
	errPrecondition = app(stanza.Conflict, "precondition-not-met")          // section 7.1.5
	errTooMany      = app(stanza.NotAllowed, "max-items-exceeded")          // section 12.11
	errInvalidJID   = app(stanza.BadRequest, "invalid-jid")                 // section 6.1.3.1
	errJIDRequired  = app(stanza.BadRequest, "jid-required")                // section 6.3.4.3
	errOptions      = app(stanza.BadRequest, "invalid-options")             // section 6.3.6.2
	errModel        = app(stanza.NotAcceptable, "unsupported-access-model") // section 8.1.2

	errPresence = app(stanza.NotAuthorized, "presence-subscription-required") // section 6.1.3.2
	errGroup    = app(stanza.NotAuthorized, "not-in-roster-group")            // section 6.1.3.3
	errClosed   = app(stanza.NotAllowed, "closed-node")                       // section 6.1.3.4
	errPending  = app(stanza.NotAuthorized, "pending-subscription")           // section 6.1.3.7
	errUnread   = app(stanza.NotAuthorized, "not-subscribed")                 // section 6.5.9.3

	// section 6.2.3.2, No Such Subscriber, when unsubscribing
	errNotSubscriber = app(stanza.UnexpectedRequest.WithType(stanza.Cancel), "not-subscribed")
	// section 6.3.4.2, No Such Subscriber, of options
	errNoSubscriber = app(stanza.UnexpectedRequest.WithType(stanza.Modify), "not-subscribed")
	// section 6.1.3.9, Too Many Subscriptions
	errManySubscriptions = app(stanza.PolicyViolation.WithType(stanza.Wait), "too-many-subscriptions")
	// A limit of the server (XEP-0060 section 17.2).
	errManyNodes = app(stanza.PolicyViolation.WithType(stanza.Wait), "max-nodes-exceeded")
	errSpace     = stanza.ResourceConstraint.WithText("the space for published items is used up")
)
