// Package caps reads and checks the capabilities that entities announce in
// their presence (XEP-0115: Entity Capabilities): a hash of what they answer to
// service discovery.
package caps

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"maps"
	"slices"
	"strings"

	"parley/internal/form"
	"parley/stanza"
)

// NS is the namespace of entity capabilities.
const NS = "http://jabber.org/protocol/caps"

// ID is what presence says of capabilities (XEP-0115 section 4, Protocol).
type ID struct{ Node, Ver, Hash string }

// maxID is how long the parts of an ID may be together.
const maxID = 1024

// Read is the ID in presence. Without a hash it is of the legacy format, which
// nobody can verify, and ignored (XEP-0115 section 5.4, step 1).
func Read(st *stanza.Stanza) (ID, bool) {
	c, ok := st.Child(NS, "c")
	if !ok {
		return ID{}, false
	}
	e := st.Element(c)
	id := ID{e.Attr("node"), e.Attr("ver"), e.Attr("hash")}
	ok = id.Ver != "" && id.Hash != "" && len(id.Node)+len(id.Ver)+len(id.Hash) <= maxID
	return ID{strings.Clone(id.Node), strings.Clone(id.Ver), strings.Clone(id.Hash)}, ok
}

// DiscoNode is the node to ask the entity about (XEP-0115 section 6.2,
// Discovering Capabilities).
func (id ID) DiscoNode() string { return id.Node + "#" + id.Ver }

// hashes makes the hash functions by their IANA names (XEP-0115 section 8.1,
// Hashing Algorithm Support).
func hashes(name string) hash.Hash {
	switch name {
	case "sha-1":
		return sha1.New()
	case "sha-256":
		return sha256.New()
	case "sha-384":
		return sha512.New384()
	case "sha-512":
		return sha512.New()
	}
	return nil
}

// Verifiable says whether the hash function is known.
func (id ID) Verifiable() bool { return hashes(id.Hash) != nil }

// Errors of Check.
var (
	ErrIllFormed = errors.New("caps: ill-formed disco#info")
	ErrMismatch  = errors.New("caps: the hash is of something else")
)

// Check says whether a disco#info result is what the hash was made of
// (XEP-0115 section 5.4, Processing Method, step 3).
func (id ID) Check(query *stanza.Element) error {
	h := hashes(id.Hash)
	parts, ok := read(query)
	switch {
	case !ok:
		return ErrIllFormed
	case h == nil || sum(h, parts) != id.Ver:
		return ErrMismatch
	}
	return nil
}

// Features are the features in a disco#info result.
func Features(query *stanza.Element) (list []string) {
	for _, e := range query.Children {
		if e.Name == "feature" && e.NS == query.NS {
			list = append(list, e.Attr("var"))
		}
	}
	return list
}

// Hash is the verification string of a disco#info result (XEP-0115 section
// 5.1, Generation Method); SHA-1 is the hash that clients know.
func Hash(query *stanza.Element) string {
	parts, _ := read(query)
	return sum(sha1.New(), parts)
}

func sum(h hash.Hash, parts string) string {
	h.Write([]byte(parts))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// read is the text that is hashed. ok is false for what XEP-0115 section 5.4,
// steps 3.3 to 3.5, calls ill-formed: something there twice.
func read(query *stanza.Element) (parts string, ok bool) {
	var identities, features, types, forms []string
	ok = true
	for _, e := range query.Children {
		switch {
		case e.Name == "identity" && e.NS == query.NS:
			identities = append(identities,
				e.Attr("category")+"/"+e.Attr("type")+"/"+lang(e)+"/"+e.Attr("name"))
		case e.Name == "feature" && e.NS == query.NS:
			features = append(features, e.Attr("var"))
		case e.NS == form.NS && e.Name == "x":
			typ, text, single := readForm(e)
			if typ == "" {
				continue // step 3.6: ignored
			}
			ok = ok && single
			types, forms = append(types, typ), append(forms, text)
		}
	}
	ok = ok && !twice(identities) && !twice(features) && !twice(types)
	slices.Sort(forms)
	return list(identities) + list(features) + strings.Join(forms, ""), ok
}

// twice sorts a list and says whether something is in it twice.
func twice(list []string) bool {
	slices.Sort(list)
	return len(slices.Compact(slices.Clone(list))) != len(list)
}

// list is a sorted list with "<" behind each. What is sorted is without the
// "<": it comes behind "#" and ":", so that names that begin with a whole other
// name would move.
func list(list []string) string {
	slices.Sort(list)
	var b strings.Builder
	for _, one := range list {
		b.WriteString(one + "<")
	}
	return b.String()
}

func lang(e *stanza.Element) string {
	for _, a := range e.Attrs {
		if a.NS == stanza.NSXML && a.Name == "lang" {
			return a.Value
		}
	}
	return ""
}

// readForm is one extension form: FORM_TYPE first, then the other fields by
// name with their values sorted (XEP-0115 section 5.1, step 7). typ is "" if
// there is no FORM_TYPE of type hidden, single false if it has several values.
func readForm(x *stanza.Element) (typ, text string, single bool) {
	fields := map[string]string{}
	single = true
	for _, f := range x.Children {
		if f.Name != "field" {
			continue
		}
		var values []string
		for _, v := range f.Children {
			if v.Name == "value" {
				values = append(values, v.Text)
			}
		}
		if f.Attr("var") == "FORM_TYPE" {
			if f.Attr("type") == "hidden" && len(values) > 0 {
				typ = values[0]
			}
			single = single && len(slices.Compact(slices.Clone(values))) <= 1
			continue
		}
		fields[f.Attr("var")] = list(values)
	}
	text = typ + "<"
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text += name + "<" + fields[name]
	}
	return typ, text, single
}
