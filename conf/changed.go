package conf

import (
	"reflect"
)

// Changed lists the keys whose values differ: those that a reload can apply,
// and those that need a restart.
func Changed(old, new *Config) (live, restart []string) {
	_, live, restart = Reloaded(old, new)
	return live, restart
}

// Reloaded is what is in force when a running server's configuration is
// replaced: next, with the keys that need a restart as they are. live and
// restart list the keys that differ.
func Reloaded(running, next *Config) (inForce *Config, live, restart []string) {
	d, merged := differ{}, *next
	d.table(reflect.ValueOf(running).Elem(), reflect.ValueOf(&merged).Elem(), "", "")
	return &merged, d.live, d.restart
}

// differ collects changed keys by whether they need a restart.
type differ struct{ live, restart []string }

// table compares two structs and puts into b what needs a restart of a; reload
// is what the tag of the table says.
func (d *differ) table(a, b reflect.Value, prefix, reload string) {
	for _, k := range keysOf(a.Type()) {
		name := prefix + k.name
		how := k.tag.Get("reload")
		if how == "" {
			how = reload
		}
		fa, fb := a.Field(k.index), b.Field(k.index)
		switch {
		case k.isTable():
			d.table(fa, fb, name+".", how)
		case same(fa, fb):
		case how == "restart":
			d.restart = append(d.restart, name)
			fb.Set(fa)
		default:
			d.live = append(d.live, name)
		}
	}
}

// same compares values; an empty list or map is the same as none.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Slice, reflect.Map:
		if a.Len() == 0 && b.Len() == 0 {
			return true
		}
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// Keys lists all keys of the file by their whole names, in the order of the
// reference.
func Keys() []string { return keyNames(reflect.TypeFor[Config](), "") }

// keyNames lists the keys of a table and of those in it.
func keyNames(t reflect.Type, prefix string) []string {
	var names []string
	for _, k := range keysOf(t) {
		name := prefix + k.name
		switch {
		case k.isTable():
			names = append(names, keyNames(k.typ, name+".")...)
		case k.isTables():
			names = append(names, keyNames(k.typ.Elem(), name+".")...)
		case k.names() != nil:
			for _, n := range k.names() {
				names = append(names, name+"."+n)
			}
		default:
			names = append(names, name)
		}
	}
	return names
}
