package stanza

import (
	"errors"
	"fmt"
	"testing"
)

const (
	inStanzas = ` xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'`
	inStreams = ` xmlns='urn:ietf:params:xml:ns:xmpp-streams'`
)

func TestErrorXML(t *testing.T) {
	gone := *Gone
	gone.Data = "xmpp:a@b?x&y"
	for _, c := range []struct {
		err  *Error
		want string
	}{
		{Forbidden, `<error type='auth'><forbidden` + inStanzas + `/></error>`},
		{NotAcceptable.WithType(Wait).WithText("not <now>").WithApp("<x xmlns='urn:x'/>"),
			`<error type='wait'><not-acceptable` + inStanzas + `/>` +
				`<text` + inStanzas + ` xml:lang='en'>not &lt;now&gt;</text><x xmlns='urn:x'/></error>`},
		{&gone, `<error type='cancel'><gone` + inStanzas + `>xmpp:a@b?x&amp;y</gone></error>`},
	} {
		if got := c.err.XML(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		s := MustParse("<message type='error'>" + c.err.XML() + "</message>")
		if got := ParseError(s); got == nil || *got != *c.err {
			t.Errorf("%s is read as %+v", s.Raw, got)
		}
	}
	if NotAcceptable.Text != "" || NotAcceptable.Type != Modify {
		t.Error("a defined condition was changed")
	}
}

// Every defined condition is read as itself.
func TestParseErrorConditions(t *testing.T) {
	for _, e := range conditions {
		s := MustParse("<iq type='error'><q xmlns='urn:q'/>" + e.XML() + "</iq>")
		if got := ParseError(s); !errors.Is(got, e) || got.Type != e.Type {
			t.Errorf("%s is read as %v", s.Raw, got)
		}
	}
	undefined := UndefinedCondition
	for in, want := range map[string]*Error{
		`<error/>`: undefined,
		`<error type='strange'><new` + inStanzas + `/></error>`: undefined,
		`<error type='wait'><x xmlns='urn:x'/></error>`:         undefined.WithType(Wait).WithApp("<x xmlns='urn:x'/>"),
	} {
		got := ParseError(MustParse("<message>" + in + "</message>"))
		if got == nil || *got != *want {
			t.Errorf("%s is read as %+v", in, got)
		}
	}
	if e := ParseError(MustParse("<message><error xmlns='urn:x'/></message>")); e != nil {
		t.Errorf("an error of another namespace: %v", e)
	}
	e := ParseError(MustParse("<message xmlns='jabber:server'>" + Conflict.XML() + "</message>"))
	if !errors.Is(e, Conflict) {
		t.Errorf("an error on a server's stream: %v", e)
	}
}

func TestStreamErrorXML(t *testing.T) {
	host := *StreamSeeOtherHost
	host.Data, host.App = "[::1]:5222", "<x xmlns='urn:x'/>"
	for _, c := range []struct {
		err  *StreamError
		want string
	}{
		{StreamConflict, `<stream:error><conflict` + inStreams + `/></stream:error>`},
		{StreamPolicyViolation.WithText("too large"), `<stream:error><policy-violation` + inStreams + `/>` +
			`<text` + inStreams + ` xml:lang='en'>too large</text></stream:error>`},
		{&host, `<stream:error><see-other-host` + inStreams +
			`>[::1]:5222</see-other-host><x xmlns='urn:x'/></stream:error>`},
	} {
		if got := c.err.XML(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// Conditions are told apart by errors.Is, whatever their text.
func TestErrorsIs(t *testing.T) {
	wrapped := fmt.Errorf("read: %w", StreamConflict.WithText("new session"))
	if !errors.Is(wrapped, StreamConflict) || errors.Is(wrapped, StreamReset) || errors.Is(wrapped, Conflict) {
		t.Error("stream conditions")
	}
	wrapped = fmt.Errorf("route: %w", Conflict.WithText("taken").WithType(Wait))
	if !errors.Is(wrapped, Conflict) || errors.Is(wrapped, Gone) || errors.Is(wrapped, StreamConflict) {
		t.Error("stanza conditions")
	}
	if Conflict.Error() != "stanza error conflict" || StreamConflict.Error() != "stream error conflict" {
		t.Error(Conflict, StreamConflict)
	}
}
