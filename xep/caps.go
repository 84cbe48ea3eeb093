package xep

import (
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"parley/internal/form"
	"parley/router"
	"parley/stanza"
)

const (
	nsCaps = "http://jabber.org/protocol/caps"
	// capsNode names the software (XEP-0115 section 4, Protocol).
	capsNode = "urn:parley"
)

// ownCaps is what a host's capabilities were made of last, and what came out.
// Features are stated before the host serves anybody; its forms may change with
// the configuration.
type ownCaps struct {
	config any // the router's configuration, to compare
	hash   string
}

// hash is the verification string of what the host tells about itself.
func (m *Disco) hash() string {
	var config any = m.host.Router.Config()
	own := m.own.Load()
	if own == nil || own.config != config {
		query := m.query(router.ToHost, "", false)
		own = &ownCaps{config, capsHash(stanza.MustParse("<iq>" + query + "</iq>"))}
		m.own.Store(own)
	}
	return own.hash
}

// registerCaps announces the host's capabilities, so that a client need not ask
// at each login (XEP-0115 section 6.3, Stream Feature).
func (m *Disco) registerCaps(h *router.Host) {
	h.Feature(router.ToHost, nsCaps)
	h.LateStreamFeature(func() string {
		var b stanza.Builder
		b.Start("c", nsCaps, "hash", "sha-1", "node", capsNode, "ver", m.hash()).End()
		return b.String()
	})
}

// isOwnCaps says whether a disco node is that of the host's capabilities
// (XEP-0115 section 6.2, Discovering Capabilities).
func (m *Disco) isOwnCaps(node string) bool {
	return node == capsNode+"#"+m.hash()
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
		case e.NS == form.NS:
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
