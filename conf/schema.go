package conf

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// key is one key of the file or one table, as a struct field declares it.
type key struct {
	name  string // in its table
	typ   reflect.Type
	tag   reflect.StructTag
	index int    // of the field in its struct
	owner string // name of the struct type
	field string // name of the field
}

// mechanisms are the names that login.mechanisms may hold. EXTERNAL and
// ANONYMOUS have keys of their own.
const mechanisms = "SCRAM-SHA-512-PLUS,SCRAM-SHA-256-PLUS,SCRAM-SHA-1-PLUS," +
	"SCRAM-SHA-512,SCRAM-SHA-256,SCRAM-SHA-1,PLAIN"

// contacts are the kinds of addresses of a server (XEP-0157 section
// 7.1, Field Standardization).
const contacts = "abuse,admin,feedback,sales,security,status,support"

// keysOf lists the keys of a struct type in the order of its fields.
func keysOf(t reflect.Type) []key {
	var keys []key
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("toml")
		if name == "" || name == "-" {
			continue
		}
		keys = append(keys, key{
			name: name, typ: f.Type, tag: f.Tag, index: i, owner: t.Name(), field: f.Name,
		})
	}
	return keys
}

// find returns the key of that name.
func find(keys []key, name string) (key, bool) {
	i := slices.IndexFunc(keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return keys[i], true
}

// isTable says whether the key is a [table] with fixed keys.
func (k key) isTable() bool { return k.typ.Kind() == reflect.Struct }

// isTables says whether the key is a list ([[component]]) or a map
// ([host."name"]) of tables.
func (k key) isTables() bool {
	switch k.typ.Kind() {
	case reflect.Slice, reflect.Map:
		return k.typ.Elem().Kind() == reflect.Struct
	}
	return false
}

// isList says whether the value is a list of texts.
func (k key) isList() bool { return k.typ == reflect.TypeFor[[]string]() }

// isDuration says whether the value is a time such as "5m".
func (k key) isDuration() bool { return k.typ == reflect.TypeFor[time.Duration]() }

// isSize says whether the value is a number of bytes.
func (k key) isSize() bool { return k.tag.Get("unit") == "bytes" }

// enum are the texts allowed, nil for any.
func (k key) enum() []string {
	e := k.tag.Get("enum")
	if e == "mechanisms" {
		e = mechanisms
	}
	if e == "" {
		return nil
	}
	return strings.Split(e, ",")
}

// names are the names that entries of a map may have, nil for any.
func (k key) names() []string {
	if k.tag.Get("keys") == "contacts" {
		return strings.Split(contacts, ",")
	}
	return nil
}

// defaults is the default as texts: one, or those of a list.
func (k key) defaults() []string {
	d := k.tag.Get("default")
	switch {
	case d == "":
		return nil
	case k.isList() && d == "all":
		return k.enum()
	case k.isList():
		return strings.Split(d, ",")
	}
	return []string{d}
}

// kind says in words what the value is.
func (k key) kind() string {
	switch {
	case k.isDuration():
		return "duration"
	case k.isSize():
		return "size"
	case k.isList():
		return "list of texts"
	}
	switch k.typ.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "number"
	case reflect.String:
		return "text"
	}
	return "table"
}

// Default is the configuration of an empty file. It has no domains.
func Default() *Config {
	c := &Config{}
	setDefaults(reflect.ValueOf(c).Elem())
	return c
}

// setDefaults gives every key of a struct its default.
func setDefaults(v reflect.Value) {
	for _, k := range keysOf(v.Type()) {
		f := v.Field(k.index)
		if k.isTable() {
			setDefaults(f)
			continue
		}
		_ = k.setText(f, k.defaults()) // a test holds that each passes its bounds
	}
}
