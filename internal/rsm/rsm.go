// Package rsm reads and answers requests for a part of a long list (XEP-0059:
// Result Set Management).
package rsm

import (
	"slices"
	"strconv"
	"strings"

	"parley/stanza"
)

// NS is the namespace, which is also the feature of who supports it (XEP-0059
// section 4, Determining Support).
const NS = "http://jabber.org/protocol/rsm"

// Set is what was asked for.
type Set struct {
	Max int // -1: not said
	// After and Before are what stands around the page: "" is nothing (XEP-0059
	// sections 2.2, Paging Forwards Through a Result Set, and 2.3, Paging
	// Backwards Through a Result Set).
	After, Before string
	// Back says that <before/> is there: without text it means the last page
	// (XEP-0059 section 2.5, Requesting the Last Page in a Result Set).
	Back  bool
	Index int // -1: not said
}

// Read reads the <set/> in parent. Without one everything is asked for. The
// error is a *stanza.Error.
func Read(parent *stanza.Element) (Set, error) {
	set := Set{Max: -1, Index: -1}
	e := parent.Child(NS, "set")
	if e == nil {
		return set, nil
	}
	var err error
	for _, c := range e.Children {
		if c.NS != NS {
			continue
		}
		switch c.Name {
		case "max":
			set.Max, err = number(c.Text)
		case "index":
			set.Index, err = number(c.Text)
		case "after":
			set.After = c.Text
		case "before":
			set.Before, set.Back = c.Text, true
		}
		if err != nil {
			return Set{}, err
		}
	}
	return set, nil
}

// highest is the largest number that is told apart from larger ones.
const highest = 1 << 30

// number reads what the schema calls an unsignedInt (XEP-0059 section 8, XML
// Schema).
func number(text string) (int, error) {
	text = strings.TrimSpace(text)
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, stanza.BadRequest.WithText("this is no number: " + strconv.Quote(text))
	}
	return int(min(n, highest)), nil
}

// Limit is how many are to be sent: what was asked for, usual if nothing was,
// and never more than most.
func (s Set) Limit(usual, most int) int {
	if s.Max < 0 {
		return min(usual, most)
	}
	return min(s.Max, most)
}

// Answer says which part was sent.
type Answer struct {
	First, Last string // "" when the part is empty
	Index       int    // of the first in the whole list; -1: not said
	Count       int    // of the whole list; -1: not said
}

// XML is the <set/> of the answer. Who sends nothing names neither the first
// nor the last (XEP-0059 section 2.2, Paging Forwards Through a Result Set).
func (a Answer) XML() string {
	var b stanza.Builder
	b.Start("set", NS)
	if a.First != "" {
		b.Start("first", "")
		if a.Index >= 0 {
			b.Attr("index", strconv.Itoa(a.Index))
		}
		b.Text(a.First).End()
		b.Elem("last", "", a.Last)
	}
	if a.Count >= 0 {
		b.Elem("count", "", strconv.Itoa(a.Count))
	}
	return b.End().String()
}

// Page is the part of a list in memory that s asks for, at most most of it,
// and what is to be said of it. An id that is not in the list is an error
// (XEP-0059 section 2.4, Page Not Found).
func Page[T any](list []T, id func(T) string, s Set, most int) ([]T, Answer, error) {
	from, to, err := bounds(list, id, s)
	if err != nil {
		return nil, Answer{}, err
	}
	n := min(s.Limit(most, most), to-from)
	if s.Back {
		from = to - n
	}
	page := list[from : from+n]
	a := Answer{Index: from, Count: len(list)}
	if n > 0 {
		a.First, a.Last = id(page[0]), id(page[n-1])
	}
	return page, a, nil
}

// bounds are the limits of what a page may be taken from.
func bounds[T any](list []T, id func(T) string, s Set) (from, to int, err error) {
	at := func(want string) int {
		return slices.IndexFunc(list, func(v T) bool { return id(v) == want })
	}
	to = len(list)
	if s.Before != "" {
		if to = at(s.Before); to < 0 {
			return 0, 0, stanza.ItemNotFound
		}
	}
	switch {
	case s.After != "":
		if from = at(s.After) + 1; from == 0 {
			return 0, 0, stanza.ItemNotFound
		}
	case s.Index >= 0: // XEP-0059 section 2.6, Retrieving a Page Out of Order
		from = s.Index
	}
	return min(from, to), to, nil
}
