package xep

import (
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"parley/router"
	"parley/stanza"
)

const (
	nsCaps = "http://jabber.org/protocol/caps"
	nsData = "jabber:x:data"
	// capsNode names the software (XEP-0115 section 4, Protocol).
	capsNode = "urn:parley"
)

// ownCaps remembers the verification string of what the host told last: a
// reload may change its forms.
type ownCaps struct{ last atomic.Pointer[[2]string] } // query, hash

// hash is the verification string of a disco#info result.
func (o *ownCaps) hash(query string) string {
	if last := o.last.Load(); last != nil && last[0] == query {
		return last[1]
	}
	hash := capsHash(stanza.MustParse("<iq>" + query + "</iq>"))
	o.last.Store(&[2]string{query, hash})
	return hash
}

// registerCaps announces the host's capabilities, so that a client need not ask
// at each login (XEP-0115 section 6.3, Stream Feature).
func (m *Disco) registerCaps(h *router.Host) {
	h.Feature(router.ToHost, nsCaps)
	h.LateStreamFeature(func() string {
		var b stanza.Builder
		b.Start("c", nsCaps, "hash", "sha-1", "node", capsNode, "ver", m.own.hash(m.query(router.ToHost, "", false))).End()
		return b.String()
	})
}

// isOwnCaps says whether a disco node is that of the host's capabilities
// (XEP-0115 section 6.2, Discovering Capabilities).
func (m *Disco) isOwnCaps(node string) bool {
	return node == capsNode+"#"+m.own.hash(m.query(router.ToHost, "", false))
}

// capsHash is the verification string of a disco#info result (XEP-0115 section
// 5.1, Generation Method); SHA-1 is the hash that clients know.
func capsHash(iq *stanza.Stanza) string {
	query, _ := iq.Payload()
	var identities, features, forms []string
	for _, e := range iq.Element(query).Children {
		switch {
		case e.Name == "identity":
			identities = append(identities,
				e.Attr("category")+"/"+e.Attr("type")+"/"+lang(e)+"/"+e.Attr("name"))
		case e.Name == "feature":
			features = append(features, e.Attr("var"))
		case e.NS == nsData:
			forms = append(forms, capsForm(e))
		}
	}
	slices.Sort(forms)
	s := capsList(identities) + capsList(features) + strings.Join(forms, "")
	sum := sha1.Sum([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// capsList is a sorted list with "<" behind each. What is sorted is without the
// "<": it comes behind "#" and ":", so that names that begin with a whole other
// name would move.
func capsList(list []string) string {
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

// capsForm is one extension form: FORM_TYPE first, then the other fields by
// name with their values sorted (XEP-0115 section 5.1, step 7).
func capsForm(form *stanza.Element) string {
	typ := ""
	fields := map[string]string{}
	for _, f := range form.Children {
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
			typ = capsList(values)
			continue
		}
		fields[f.Attr("var")] = capsList(values)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		typ += name + "<" + fields[name]
	}
	return typ
}
