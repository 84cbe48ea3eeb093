package auth

import "errors"

// Condition is the name of the element inside <failure/> that says what went
// wrong (RFC 6120 section 6.5, SASL Errors).
type Condition string

// Failure is the end of an exchange that did not authenticate anybody. Two of
// them with the same condition are equal for errors.Is.
type Failure struct {
	Condition Condition
	Text      string // for <text/>, in English; empty for none
	Cause     error  // for the log; never sent, it may say which guess was near
}

// The conditions of RFC 6120 section 6.5, SASL Errors, in its order.
var (
	Aborted              = &Failure{Condition: "aborted"}
	AccountDisabled      = &Failure{Condition: "account-disabled"}
	CredentialsExpired   = &Failure{Condition: "credentials-expired"}
	EncryptionRequired   = &Failure{Condition: "encryption-required"}
	IncorrectEncoding    = &Failure{Condition: "incorrect-encoding"}
	InvalidAuthzid       = &Failure{Condition: "invalid-authzid"}
	InvalidMechanism     = &Failure{Condition: "invalid-mechanism"}
	MalformedRequest     = &Failure{Condition: "malformed-request"}
	MechanismTooWeak     = &Failure{Condition: "mechanism-too-weak"}
	NotAuthorized        = &Failure{Condition: "not-authorized"}
	TemporaryAuthFailure = &Failure{Condition: "temporary-auth-failure"}
)

// Error says what the peer is told, without the cause.
func (f *Failure) Error() string {
	if f.Text == "" {
		return "sasl: " + string(f.Condition)
	}
	return "sasl: " + string(f.Condition) + ": " + f.Text
}

// Unwrap gives the cause, so that errors.Is and errors.As see it.
func (f *Failure) Unwrap() error { return f.Cause }

// Is holds for another Failure with the same condition.
func (f *Failure) Is(target error) bool {
	other, ok := target.(*Failure)
	return ok && other.Condition == f.Condition
}

// ErrBinding is the cause of a failure of a client that binds to the channel in
// a way that we do not, or not at all where we can (RFC 5802 section 6, Channel
// Binding). No proof of a password was looked at.
var ErrBinding = errors.New("channel binding of another type, or none though it was offered")

// IsGuess says whether the attempt tried a credential, so that Limiter is to
// count it. Broken messages and our own faults teach a guesser nothing.
func (f *Failure) IsGuess() bool {
	if errors.Is(f, ErrBinding) {
		return false
	}
	switch f.Condition {
	case NotAuthorized.Condition, AccountDisabled.Condition,
		CredentialsExpired.Condition, InvalidAuthzid.Condition:
		return true
	}
	return false
}

// because is the same failure with a text for the peer.
func (f *Failure) because(text string) *Failure {
	return &Failure{Condition: f.Condition, Text: text, Cause: f.Cause}
}

// from is the same failure with a cause for the log.
func (f *Failure) from(cause error) *Failure {
	return &Failure{Condition: f.Condition, Text: f.Text, Cause: cause}
}
