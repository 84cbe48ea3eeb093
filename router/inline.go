package router

import (
	"context"

	"parley/stanza"
)

// Inline is what a module does for a client that binds its resource and asks for
// more with the same request (XEP-0386 section 3.2, Performing the bind).
type Inline struct {
	Feature string // as it is announced (section 3.1, Discovering support); "": it is not

	// Do is called when the session has its place in the account and before the
	// client knows of it. It returns XML for the answer.
	Do func(ctx context.Context, s *Session, request *stanza.Element) string
}

// OnInline adds to what binding a resource does.
func (h *Host) OnInline(i Inline) { h.inline = append(h.inline, i) }

// InlineFeatures are what OnInline has announced.
func (h *Host) InlineFeatures() []string {
	var list []string
	for _, i := range h.inline {
		if i.Feature != "" {
			list = append(list, i.Feature)
		}
	}
	return list
}

// Inline does what the request to bind the session asks for besides.
func (s *Session) Inline(ctx context.Context, request *stanza.Element) (answer string) {
	for _, i := range s.Host.inline {
		answer += i.Do(ctx, s, request)
	}
	return answer
}
