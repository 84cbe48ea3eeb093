package stanza

// ErrorType is the type attribute of a stanza error (RFC 6120 section 8.3.2).
type ErrorType string

// The types say what the sender may do about the error.
const (
	Auth     ErrorType = "auth"     // retry after providing credentials
	Cancel   ErrorType = "cancel"   // do not retry
	Continue ErrorType = "continue" // proceed, it was only a warning
	Modify   ErrorType = "modify"   // retry after changing what was sent
	Wait     ErrorType = "wait"     // retry after waiting
)

// Error is a stanza error (RFC 6120 section 8.3). The values below are the
// defined conditions of section 8.3.3 with their usual type; change one with
// the With methods, which copy. errors.Is matches by condition.
type Error struct {
	Type      ErrorType
	Condition string
	Text      string // human-readable, English
	App       string // application-specific condition, as XML
	Data      string // character data of the condition: the new address of gone and redirect
}

// Error names the condition.
func (e *Error) Error() string { return "stanza error " + e.Condition }

// Is says whether target is a stanza error of the same condition.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Condition == e.Condition
}

// WithText is a copy with a text for humans.
func (e *Error) WithText(text string) *Error { c := *e; c.Text = text; return &c }

// WithType is a copy of another type.
func (e *Error) WithType(t ErrorType) *Error { c := *e; c.Type = t; return &c }

// WithApp is a copy with an application-specific condition (RFC 6120 section
// 8.3.4, Application-Specific Conditions).
func (e *Error) WithApp(xml string) *Error { c := *e; c.App = xml; return &c }

// The conditions of RFC 6120 section 8.3.3, Defined Conditions.
var (
	BadRequest            = &Error{Type: Modify, Condition: "bad-request"}
	Conflict              = &Error{Type: Cancel, Condition: "conflict"}
	FeatureNotImplemented = &Error{Type: Cancel, Condition: "feature-not-implemented"}
	Forbidden             = &Error{Type: Auth, Condition: "forbidden"}
	Gone                  = &Error{Type: Cancel, Condition: "gone"}
	InternalServerError   = &Error{Type: Cancel, Condition: "internal-server-error"}
	ItemNotFound          = &Error{Type: Cancel, Condition: "item-not-found"}
	JIDMalformed          = &Error{Type: Modify, Condition: "jid-malformed"}
	NotAcceptable         = &Error{Type: Modify, Condition: "not-acceptable"}
	NotAllowed            = &Error{Type: Cancel, Condition: "not-allowed"}
	NotAuthorized         = &Error{Type: Auth, Condition: "not-authorized"}
	PolicyViolation       = &Error{Type: Modify, Condition: "policy-violation"}
	RecipientUnavailable  = &Error{Type: Wait, Condition: "recipient-unavailable"}
	Redirect              = &Error{Type: Modify, Condition: "redirect"}
	RegistrationRequired  = &Error{Type: Auth, Condition: "registration-required"}
	RemoteServerNotFound  = &Error{Type: Cancel, Condition: "remote-server-not-found"}
	RemoteServerTimeout   = &Error{Type: Wait, Condition: "remote-server-timeout"}
	ResourceConstraint    = &Error{Type: Wait, Condition: "resource-constraint"}
	ServiceUnavailable    = &Error{Type: Cancel, Condition: "service-unavailable"}
	SubscriptionRequired  = &Error{Type: Auth, Condition: "subscription-required"}
	UndefinedCondition    = &Error{Type: Cancel, Condition: "undefined-condition"}
	UnexpectedRequest     = &Error{Type: Wait, Condition: "unexpected-request"}
)

// StreamError ends a stream (RFC 6120 section 4.9). The values below are the
// defined conditions of section 4.9.3.
type StreamError struct {
	Condition string
	Text      string
	App       string // application-specific condition, as XML
	Data      string // character data of the condition: see-other-host
}

// Error names the condition.
func (e *StreamError) Error() string { return "stream error " + e.Condition }

// Is says whether target is a stream error of the same condition.
func (e *StreamError) Is(target error) bool {
	t, ok := target.(*StreamError)
	return ok && t.Condition == e.Condition
}

// WithText is a copy with a text for humans.
func (e *StreamError) WithText(text string) *StreamError { c := *e; c.Text = text; return &c }

// The conditions of RFC 6120 section 4.9.3, Defined Stream Error Conditions.
var (
	StreamBadFormat              = &StreamError{Condition: "bad-format"}
	StreamBadNamespacePrefix     = &StreamError{Condition: "bad-namespace-prefix"}
	StreamConflict               = &StreamError{Condition: "conflict"}
	StreamConnectionTimeout      = &StreamError{Condition: "connection-timeout"}
	StreamHostGone               = &StreamError{Condition: "host-gone"}
	StreamHostUnknown            = &StreamError{Condition: "host-unknown"}
	StreamImproperAddressing     = &StreamError{Condition: "improper-addressing"}
	StreamInternalServerError    = &StreamError{Condition: "internal-server-error"}
	StreamInvalidFrom            = &StreamError{Condition: "invalid-from"}
	StreamInvalidNamespace       = &StreamError{Condition: "invalid-namespace"}
	StreamInvalidXML             = &StreamError{Condition: "invalid-xml"}
	StreamNotAuthorized          = &StreamError{Condition: "not-authorized"}
	StreamNotWellFormed          = &StreamError{Condition: "not-well-formed"}
	StreamPolicyViolation        = &StreamError{Condition: "policy-violation"}
	StreamRemoteConnectionFailed = &StreamError{Condition: "remote-connection-failed"}
	StreamReset                  = &StreamError{Condition: "reset"}
	StreamResourceConstraint     = &StreamError{Condition: "resource-constraint"}
	StreamRestrictedXML          = &StreamError{Condition: "restricted-xml"}
	StreamSeeOtherHost           = &StreamError{Condition: "see-other-host"}
	StreamSystemShutdown         = &StreamError{Condition: "system-shutdown"}
	StreamUndefinedCondition     = &StreamError{Condition: "undefined-condition"}
	StreamUnsupportedEncoding    = &StreamError{Condition: "unsupported-encoding"}
	StreamUnsupportedFeature     = &StreamError{Condition: "unsupported-feature"}
	StreamUnsupportedStanzaType  = &StreamError{Condition: "unsupported-stanza-type"}
	StreamUnsupportedVersion     = &StreamError{Condition: "unsupported-version"}
)
