package pubsub

import (
	"slices"

	"parley/internal/form"
	"parley/stanza"
)

// submitted are the fields of the form in el, nil if there is none. The form's
// type, where it says one, must be typ (XEP-0068).
func submitted(el *stanza.Element, typ string) (form.Values, error) {
	v := form.Read(el)
	if t := v.Text("FORM_TYPE"); v != nil && t != "" && t != typ {
		return nil, stanza.BadRequest.WithText("The form is of another type.")
	}
	return v, nil
}

// with is the configuration changed as a form says. Fields that are not known
// are left alone: clients send more than there is (XEP-0004 section 3.5,
// Incomplete Submission Form Handling, of those that are missing).
func (c Config) with(v form.Values) (Config, error) {
	for i := range fields {
		f := &fields[i]
		if !v.Has(f.name) {
			continue
		}
		if f.set(&c, v[f.name]) {
			continue
		}
		if f.name == "pubsub#access_model" {
			return c, errModel // XEP-0060 section 8.1.2, Create a Node With Default Configuration
		}
		// XEP-0060 section 8.2.5.2, Failure
		return c, stanza.NotAcceptable.WithText("This value is not possible: " + f.name)
	}
	return c, nil
}

// meets checks preconditions (XEP-0060 section 7.1.5, Publishing Options):
// every field must be known and have the node's value.
func (c *Config) meets(v form.Values) error {
	for name, values := range v {
		if name == "FORM_TYPE" {
			continue
		}
		f := fieldNamed(name)
		if f == nil {
			return errPrecondition
		}
		want := *c
		if !f.set(&want, values) || !slices.Equal(sorted(f.get(&want)), sorted(f.get(c))) {
			return errPrecondition
		}
	}
	return nil
}

// knows says whether all fields of preconditions are known.
func knows(v form.Values) bool {
	for name := range v {
		if name != "FORM_TYPE" && fieldNamed(name) == nil {
			return false
		}
	}
	return true
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// formFields are the configuration as fields: of a form with their types and
// options, else with their values alone.
func (c *Config) formFields(full bool) []form.Field {
	var list []form.Field
	for i := range fields {
		f := &fields[i]
		out := form.Field{Var: f.name, Values: f.get(c)}
		if full {
			out.Type, out.Label, out.Options = f.typ, f.label, form.Options(f.options...)
			if f.typ == listMany {
				// The groups are whatever the roster has: those that are set stand
				// for themselves.
				out.Options = form.Options(out.Values...)
			}
		}
		list = append(list, out)
	}
	return list
}

// formXML is the form to be filled in (XEP-0060 section 8.2.2, Success Case).
func (c *Config) formXML() string {
	return form.XML("form", "", formNode, c.formFields(true)...)
}

// resultXML is the configuration as it is told to subscribers (XEP-0060 section
// 8.2.5.3, Success With Notifications).
func (c *Config) resultXML() string {
	return form.XML("result", "", formNode, c.formFields(false)...)
}
