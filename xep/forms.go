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
		b.Raw(f.xml())
	}
	return b.End().String()
}

func (f formField) xml() string {
	var b stanza.Builder
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
	return b.End().String()
}

// submitted are the values of a submitted form by field. A field that is there
// has an entry, also without a value.
type submitted map[string][]string

// readForm reads the form in parent; nil if there is none of type submit.
func readForm(parent *stanza.Element) submitted {
	x := parent.Child(nsData, "x")
	if x.Attr("type") != "submit" {
		return nil
	}
	return fields(x)
}

// fields are the values in a form (XEP-0004 section 3.2, The Field Element).
func fields(x *stanza.Element) submitted {
	s := submitted{}
	for _, f := range x.Children {
		if f.Name != "field" || f.NS != nsData {
			continue
		}
		values := append([]string{}, s[f.Attr("var")]...)
		for _, v := range f.Children {
			if v.Name == "value" && v.NS == nsData {
				values = append(values, v.Text)
			}
		}
		s[f.Attr("var")] = values
	}
	return s
}

// text is the first value of a field as it came, "" if there is none.
func (s submitted) text(name string) string {
	if len(s[name]) == 0 {
		return ""
	}
	return s[name][0]
}

// one is the first value of a field, trimmed: people paste addresses.
func (s submitted) one(name string) string { return strings.TrimSpace(s.text(name)) }

// each are the values of a field, trimmed, without empty ones.
func (s submitted) each(name string) []string {
	var list []string
	for _, v := range s[name] {
		if v = strings.TrimSpace(v); v != "" {
			list = append(list, v)
		}
	}
	return list
}

// lines are all values of a field as text.
func (s submitted) lines(name string) string { return strings.Join(s[name], "\n") }
