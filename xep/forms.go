package xep

import (
	"strings"

	"parley/stanza"
)

// formField is a field of a data form (XEP-0004 section 3.2, The Field Element).
type formField struct {
	Var, Type, Label string
	Required         bool
	Values           []string
	Options          []string
}

// dataForm is a form as XML: typ is form or result (XEP-0004 section 3,
// Protocol), formType the value of FORM_TYPE (XEP-0068).
func dataForm(typ, title, formType string, fields ...formField) string {
	var b stanza.Builder
	b.Start("x", nsData, "type", typ)
	if title != "" {
		b.Elem("title", "", title)
	}
	b.Start("field", "", "type", "hidden", "var", "FORM_TYPE").Elem("value", "", formType).End()
	for _, f := range fields {
		b.Start("field", "", "type", f.Type, "var", f.Var, "label", f.Label)
		if f.Required {
			b.Start("required", "").End()
		}
		for _, v := range f.Values {
			b.Elem("value", "", v)
		}
		for _, o := range f.Options {
			b.Start("option", "").Elem("value", "", o).End()
		}
		b.End()
	}
	return b.End().String()
}

// submitted are the values of a submitted form by field. Values are trimmed:
// people paste addresses.
type submitted map[string][]string

// readForm reads the form in parent; nil if there is none of type submit.
func readForm(parent *stanza.Element) submitted {
	x := parent.Child(nsData, "x")
	if x.Attr("type") != "submit" {
		return nil
	}
	s := submitted{}
	for _, f := range x.Children {
		if f.Name != "field" {
			continue
		}
		for _, v := range f.Children {
			if v.Name == "value" {
				s[f.Attr("var")] = append(s[f.Attr("var")], v.Text)
			}
		}
	}
	return s
}

// one is the first value of a field, trimmed, "" if there is none.
func (s submitted) one(name string) string {
	if len(s[name]) == 0 {
		return ""
	}
	return strings.TrimSpace(s[name][0])
}

// lines are all values of a field as text.
func (s submitted) lines(name string) string { return strings.Join(s[name], "\n") }
