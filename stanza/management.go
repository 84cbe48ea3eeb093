package stanza

import (
	"errors"
	"strconv"
)

// NSManagement is that of stream management (XEP-0198).
const NSManagement = "urn:xmpp:sm:3"

// AckRequest asks the peer how many stanzas it has handled (XEP-0198 section 4,
// Acks).
const AckRequest = "<r xmlns='" + NSManagement + "'/>"

// Ack says how many stanzas are handled (XEP-0198 section 4, Acks).
func Ack(h uint32) string {
	return "<a xmlns='" + NSManagement + "' h='" + strconv.FormatUint(uint64(h), 10) + "'/>"
}

var errHandled = errors.New("stanza: h is no number of 32 bits")

// Handled is the h attribute of an element of stream management, which must be
// there (XEP-0198 section 13, XML Schemas: an unsignedInt).
func (s *Stanza) Handled() (uint32, error) {
	text, _ := s.Attr("h")
	h, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, errHandled
	}
	return uint32(h), nil
}

// ManagementFailed is the answer to a request of stream management that is not
// granted (XEP-0198 section 6, Error Handling). h, if it is known, is how many
// stanzas of the session in question were handled (section 5, Resumption).
func ManagementFailed(e *Error, h *uint32) string {
	var b Builder
	b.Start("failed", NSManagement)
	if h != nil {
		b.Attr("h", strconv.FormatUint(uint64(*h), 10))
	}
	return b.Elem(e.Condition, NSStanzas, "").End().String()
}

// HandledTooHigh ends a stream whose peer acknowledges what it never got
// (XEP-0198 section 6, Error Handling).
func HandledTooHigh(h, sent uint32) *StreamError {
	e := *StreamUndefinedCondition
	claimed, known := strconv.FormatUint(uint64(h), 10), strconv.FormatUint(uint64(sent), 10)
	var b Builder
	b.Start("handled-count-too-high", NSManagement, "h", claimed, "send-count", known)
	e.App = b.End().String()
	e.Text = "You acknowledged " + claimed + " stanzas, but I only sent you " + known + " so far."
	return &e
}
