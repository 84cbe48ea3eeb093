// Package form reads and writes data forms (XEP-0004: Data Forms) with the
// form types of XEP-0068 (Field Standardization for Data Forms).
package form

import (
	"strings"

	"parley/stanza"
)

// NS is the namespace of data forms.
const NS = "jabber:x:data"

// Field is a field of a form (XEP-0004 section 3.2, The Field Element).
type Field struct {
	Var, Type, Label string
	Required         bool
	Values           []string
	Options          []Option
}

// Option is one choice of a list field (XEP-0004 section 3.2, The Field Element).
type Option struct{ Value, Label string }

// Options are choices without labels.
func Options(values ...string) []Option {
	list := make([]Option, len(values))
	for i, v := range values {
		list[i].Value = v
	}
	return list
}

// Bool is the value of a boolean field.
func Bool(b bool) []string {
	if b {
		return []string{"1"}
	}
	return []string{"0"}
}

// XML is a form: typ is form, submit or result (XEP-0004 section 3, Protocol),
// formType the value of FORM_TYPE (XEP-0068).
func XML(typ, title, formType string, fields ...Field) string {
	var b stanza.Builder
	b.Start("x", NS, "type", typ)
	if title != "" {
		b.Elem("title", "", title)
	}
	b.Start("field", "", "type", "hidden", "var", "FORM_TYPE").Elem("value", "", formType).End()
	for _, f := range fields {
		b.Raw(f.XML())
	}
	return b.End().String()
}

// XML is the field alone, for forms that are put together by hand.
func (f Field) XML() string {
	var b stanza.Builder
	b.Start("field", "", "type", f.Type, "var", f.Var, "label", f.Label)
	if f.Required {
		b.Start("required", "").End()
	}
	for _, v := range f.Values {
		b.Elem("value", "", v)
	}
	for _, o := range f.Options {
		b.Start("option", "", "label", o.Label).Elem("value", "", o.Value).End()
	}
	return b.End().String()
}

// Values are the values of a submitted form by field. A field that is there
// has an entry, also without a value.
type Values map[string][]string

// Read reads the form in parent; nil if there is none of type submit.
func Read(parent *stanza.Element) Values {
	x := parent.Child(NS, "x")
	if x.Attr("type") != "submit" {
		return nil
	}
	return Fields(x)
}

// Fields are the values in a form (XEP-0004 section 3.2, The Field Element).
func Fields(x *stanza.Element) Values {
	s := Values{}
	for _, f := range x.Children {
		if f.Name != "field" || f.NS != NS {
			continue
		}
		values := append([]string{}, s[f.Attr("var")]...)
		for _, v := range f.Children {
			if v.Name == "value" && v.NS == NS {
				values = append(values, v.Text)
			}
		}
		s[f.Attr("var")] = values
	}
	return s
}

// Has says whether the field is there.
func (s Values) Has(name string) bool { return s[name] != nil }

// Text is the first value of a field as it came, "" if there is none.
func (s Values) Text(name string) string {
	if len(s[name]) == 0 {
		return ""
	}
	return s[name][0]
}

// One is the first value of a field, trimmed: people paste addresses.
func (s Values) One(name string) string { return strings.TrimSpace(s.Text(name)) }

// Each are the values of a field, trimmed, without empty ones.
func (s Values) Each(name string) []string {
	var list []string
	for _, v := range s[name] {
		if v = strings.TrimSpace(v); v != "" {
			list = append(list, v)
		}
	}
	return list
}

// Lines are all values of a field as text.
func (s Values) Lines(name string) string { return strings.Join(s[name], "\n") }
