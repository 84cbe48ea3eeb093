package stanza

import "slices"

// XML is the <error/> element (RFC 6120 section 8.3.2, Syntax).
func (e *Error) XML() string {
	var b Builder
	b.Start("error", "", "type", string(e.Type))
	b.Elem(e.Condition, NSStanzas, e.Data)
	if e.Text != "" {
		b.Start("text", NSStanzas, "xml:lang", "en").Text(e.Text).End()
	}
	return b.Raw(e.App).End().String()
}

// XML is the <stream:error/> element (RFC 6120 section 4.9.2, Syntax), in a
// stream whose header declares the prefix "stream".
func (e *StreamError) XML() string {
	var b Builder
	b.Start("stream:error", "")
	b.Elem(e.Condition, NSStreams, e.Data)
	if e.Text != "" {
		b.Start("text", NSStreams, "xml:lang", "en").Text(e.Text).End()
	}
	return b.Raw(e.App).End().String()
}

// ParseError reads the <error/> of a stanza of type error, nil if it has none.
// A condition that RFC 6120 section 8.3.3 does not define is an
// undefined-condition, an unknown type is cancel.
func ParseError(s *Stanza) *Error {
	c, ok := s.Child("", "error")
	if !ok {
		return nil
	}
	el := s.Element(c)
	e := &Error{Type: ErrorType(el.Attr("type")), Condition: UndefinedCondition.Condition}
	if !slices.Contains([]ErrorType{Auth, Cancel, Continue, Modify, Wait}, e.Type) {
		e.Type = Cancel
	}
	for _, child := range el.Children {
		switch {
		case child.NS != NSStanzas:
			e.App = child.Raw
		case child.Name == "text":
			e.Text = child.Text
		case isCondition(child.Name):
			e.Condition, e.Data = child.Name, child.Text
		}
	}
	return e
}

// isCondition says whether RFC 6120 section 8.3.3 defines the condition.
func isCondition(name string) bool {
	return slices.ContainsFunc(conditions[:], func(e *Error) bool { return e.Condition == name })
}

var conditions = [...]*Error{
	BadRequest, Conflict, FeatureNotImplemented, Forbidden, Gone, InternalServerError,
	ItemNotFound, JIDMalformed, NotAcceptable, NotAllowed, NotAuthorized, PolicyViolation,
	RecipientUnavailable, Redirect, RegistrationRequired, RemoteServerNotFound,
	RemoteServerTimeout, ResourceConstraint, ServiceUnavailable, SubscriptionRequired,
	UndefinedCondition, UnexpectedRequest,
}
