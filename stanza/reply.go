package stanza

// Result is the empty or filled answer to an iq (RFC 6120 section 8.2.3):
// type result, same id, to and from swapped. payload is XML.
func (s *Stanza) Result(payload string) *Stanza {
	return s.reply("result", payload)
}

// ErrorReply is the answer of type error (RFC 6120 section 8.3): same kind and
// id, to and from swapped, with e's <error/>. It does not repeat the payload.
func (s *Stanza) ErrorReply(e *Error) *Stanza {
	return s.reply("error", e.XML())
}

// reply is the answer of that type with that content. An address that is none
// is given back as it was written: so the sender knows what it was about.
func (s *Stanza) reply(typ, payload string) *Stanza {
	to, _ := s.Attr("from")
	from, _ := s.Attr("to")
	if !s.BadFrom {
		to = s.From.String()
	}
	if !s.BadTo {
		from = s.To.String()
	}
	var b Builder
	b.Start(s.Name, "", "from", from, "to", to)
	if s.ID != "" {
		b.Attr("id", s.ID)
	}
	b.Attr("type", typ).Raw(payload).End()
	return b.Stanza()
}
