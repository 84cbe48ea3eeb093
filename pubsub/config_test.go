package pubsub

import (
	"reflect"
	"testing"

	"parley/internal/form"
)

// TestConfigKept: what is kept is what was configured.
func TestConfigKept(t *testing.T) {
	for _, c := range []Config{personal("x"), personal(nodeBookmarks), general(), {}} {
		c.Groups = []string{"a", "b"}
		got, err := decode(c.encode())
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%+v\nbecame %+v (%v)", c, got, err)
		}
	}
	if _, err := decode("{"); err == nil {
		t.Error("what cannot be read was read")
	}
}

// TestFields: each field takes the values it shows, and none that is not among
// its options.
func TestFields(t *testing.T) {
	c := general()
	c.Title, c.Contact, c.Groups = "t", []string{"a@b"}, []string{"g"}
	for i := range fields {
		f := &fields[i]
		v := f.get(&c)
		next := c
		if !f.set(&next, v) || !reflect.DeepEqual(f.get(&next), v) {
			t.Errorf("%s does not take its own value %q", f.name, v)
		}
		if (f.typ == boolean || f.typ == listOne) && f.set(&next, []string{"no such value"}) {
			t.Errorf("%s takes anything", f.name)
		}
		if f.typ != jidMany && f.typ != listMany && len(v) > 0 && f.set(&next, append(v, v...)) {
			t.Errorf("%s takes two values", f.name)
		}
	}
}

func TestNumbers(t *testing.T) {
	f := fieldNamed("pubsub#max_items")
	for _, tc := range []struct {
		text string
		want int
		ok   bool
	}{{"max", 0, true}, {"1", 1, true}, {"100000", 100000, true}, {"0", 0, false}, {"-1", 0, false},
		{"", 0, false}, {"9999999999", 0, false}} {
		var c Config
		if ok := f.set(&c, []string{tc.text}); ok != tc.ok || ok && c.MaxItems != tc.want {
			t.Errorf("%q: %d %v", tc.text, c.MaxItems, ok)
		}
	}
}

// TestPreconditions: every field must be known and have the node's value
// (XEP-0060 section 7.1.5, Publishing Options).
func TestPreconditions(t *testing.T) {
	c := personal("x")
	for _, tc := range []struct {
		v  form.Values
		ok bool
	}{
		{nil, true},
		{form.Values{"FORM_TYPE": {formPub}, "pubsub#access_model": {"presence"}}, true},
		{form.Values{"pubsub#persist_items": {"true"}, "pubsub#max_items": {"1"}}, true},
		{form.Values{"pubsub#access_model": {"open"}}, false},
		{form.Values{"pubsub#access_model": {}}, false},
		{form.Values{"pubsub#unknown": {"1"}}, false},
		{form.Values{"pubsub#purge_offline": {"0"}}, true},
		{form.Values{"pubsub#purge_offline": {"1"}}, false},
		{form.Values{"pubsub#roster_groups_allowed": {"b", "a"}}, false},
	} {
		if err := c.meets(tc.v); (err == nil) != tc.ok {
			t.Errorf("%v: %v", tc.v, err)
		}
	}
	c.Groups = []string{"a", "b"}
	if err := c.meets(form.Values{"pubsub#roster_groups_allowed": {"b", "a"}}); err != nil {
		t.Errorf("the order of groups counts: %v", err)
	}
}
