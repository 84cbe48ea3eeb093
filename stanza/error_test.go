package stanza

import (
	"errors"
	"fmt"
	"testing"
)

func TestErrorXML(t *testing.T) {
	gone := *Gone
	gone.Data = "xmpp:a@b?x&y"
	for _, c := range []struct {
		err  *Error
		want string
	}{
		{Forbidden, `<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`},
		{NotAcceptable.WithType(Wait).WithText("not <now>").WithApp("<x xmlns='urn:x'/>"),
			`<error type='wait'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
				`<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>not &lt;now&gt;</text><x xmlns='urn:x'/></error>`},
		{&gone, `<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:a@b?x&amp;y</gone></error>`},
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
	for in, want := range map[string]*Error{
		"<error/>": {Type: Cancel, Condition: "undefined-condition"},
		"<error type='strange'>" + "<new-condition xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>": {Type: Cancel, Condition: "undefined-condition"},
		"<error type='wait'><gone xmlns='urn:other'/></error>":                                            {Type: Wait, Condition: "undefined-condition", App: "<gone xmlns='urn:other'/>"},
	} {
		if got := ParseError(MustParse("<message>" + in + "</message>")); got == nil || *got != *want {
			t.Errorf("%s is read as %+v", in, got)
		}
	}
	if e := ParseError(MustParse("<message><error xmlns='urn:x'/></message>")); e != nil {
		t.Errorf("an error of another namespace: %v", e)
	}
	if e := ParseError(MustParse("<message xmlns='jabber:server'>" + Conflict.XML() + "</message>")); !errors.Is(e, Conflict) {
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
		{StreamConflict, `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`},
		{StreamPolicyViolation.WithText("too large"), `<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>` +
			`<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>too large</text></stream:error>`},
		{&host, `<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[::1]:5222</see-other-host><x xmlns='urn:x'/></stream:error>`},
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
