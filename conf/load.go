package conf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Error is one thing that is wrong with the file.
type Error struct {
	File string
	Line int // 0: none in particular
	Key  string
	Text string
}

// Error is "file:line: what is wrong".
func (e Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Errors is all that is wrong with the file, by line.
type Errors []Error

// Error has a line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Load reads and checks the file. What is wrong with it is an Errors. Relative
// paths in it start at its folder.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	c, err := Parse(path, string(text))
	if err != nil {
		return nil, err
	}
	if c.Path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("find config: %w", err)
	}
	eachPath(reflect.ValueOf(c).Elem(), func(p string) string {
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(filepath.Dir(c.Path), p)
	})
	return c, nil
}

// Parse reads a configuration from a text; name is what errors call it. Paths
// are left as they are.
func Parse(name, text string) (*Config, error) {
	tree := map[string]any{}
	if _, err := toml.Decode(text, &tree); err != nil {
		return nil, syntaxError(name, err)
	}
	r := &reader{file: filepath.Base(name), lines: indexLines(text)}
	c := Default()
	r.table(reflect.ValueOf(c).Elem(), tree, nil)
	r.check(c)
	if len(r.errs) > 0 {
		slices.SortStableFunc(r.errs, func(a, b Error) int { return a.Line - b.Line })
		return nil, r.errs
	}
	return c, nil
}

// syntaxError is what the TOML library says, in our form.
func syntaxError(name string, err error) error {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return fmt.Errorf("read config: %w", err)
	}
	e := Error{File: filepath.Base(name), Line: pe.Position.Line, Key: pe.LastKey, Text: pe.Message}
	return Errors{e}
}

// reader walks the TOML tree beside the structs and collects errors.
type reader struct {
	file  string
	lines lineIndex
	errs  Errors
	// bad are keys that have an error already: rules over several keys are
	// not told on top of it.
	bad map[string]bool
}

// fail notes an error at a key.
func (r *reader) fail(path []string, format string, args ...any) {
	if r.bad == nil {
		r.bad = map[string]bool{}
	}
	key := keyName(path)
	r.bad[key] = true
	text := fmt.Sprintf(format, args...)
	r.errs = append(r.errs, Error{r.file, r.lines.line(path), key, text})
}

// keyName is a path as the admin writes it, without the numbers of tables.
func keyName(path []string) string {
	var parts []string
	for _, part := range path {
		if _, err := strconv.Atoi(part); err == nil {
			continue
		}
		if strings.ContainsAny(part, ". \"") {
			part = strconv.Quote(part)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ".")
}

// table reads a table into a struct.
func (r *reader) table(v reflect.Value, tree map[string]any, path []string) {
	keys := keysOf(v.Type())
	for name, value := range tree {
		at := append(path[:len(path):len(path)], name)
		k, ok := find(keys, name)
		if !ok {
			r.unknown(at, value, keys)
			continue
		}
		r.value(k, v.Field(k.index), value, at)
	}
	for _, k := range keys {
		if _, ok := tree[k.name]; !ok && k.tag.Get("need") == "yes" {
			r.missing(path, k)
		}
	}
}

// unknown says that a key is not known; of a table that stands on one line
// with its keys ("limts.stanza = 1") the keys are named.
func (r *reader) unknown(path []string, value any, here []key) {
	told := false
	if table, ok := value.(map[string]any); ok {
		for name, v := range table {
			at := append(path[:len(path):len(path)], name)
			if r.lines.line(at) == r.lines.line(path) {
				r.unknown(at, v, nil)
				told = true
			}
		}
	}
	if !told {
		r.fail(path, "unknown key %q%s", keyName(path), r.suggest(path, here))
	}
}

// missing says that a key must be there.
func (r *reader) missing(path []string, k key) {
	at := append(path[:len(path):len(path)], k.name)
	if len(path) == 0 {
		r.fail(at, "the key %s must be there, for example: %s = [\"example.org\"]", k.name, k.name)
		return
	}
	r.fail(at, "%s must have the key %s", keyName(path), k.name)
}

// suggest names the nearest known key of this table or of the whole file.
func (r *reader) suggest(path []string, here []key) string {
	name, prefix := path[len(path)-1], keyName(path[:len(path)-1])
	var local []string
	for _, k := range here {
		local = append(local, k.name)
	}
	if n := nearest(name, local); n != "" {
		if prefix != "" {
			n = prefix + "." + n
		}
		return "; did you mean " + n + "?"
	}
	return didYouMean(keyName(path), Keys())
}

// value reads one value into a field.
func (r *reader) value(k key, f reflect.Value, v any, path []string) {
	switch {
	case k.isTable():
		sub, ok := v.(map[string]any)
		if !ok {
			r.fail(path, "%s must be a table: [%s]", keyName(path), keyName(path))
			return
		}
		r.table(f, sub, path)
	case k.isTables() || f.Kind() == reflect.Map:
		r.tables(k, f, v, path)
	default:
		if err := k.set(f, v); err != nil {
			r.fail(path, "%s %s", keyName(path), err)
		}
	}
}

// tables reads tables whose number or names the admin chooses.
func (r *reader) tables(k key, f reflect.Value, v any, path []string) {
	if f.Kind() == reflect.Slice {
		r.list(f, v, path)
		return
	}
	entries, ok := v.(map[string]any)
	if !ok {
		r.fail(path, "%s must be a table: [%s]", keyName(path), keyName(path))
		return
	}
	f.Set(reflect.MakeMap(f.Type()))
	for name, entry := range entries {
		r.entry(k, f, name, entry, append(path[:len(path):len(path)], name))
	}
}

// list reads the tables of a list, such as [[component]].
func (r *reader) list(f reflect.Value, v any, path []string) {
	list, ok := tableList(v)
	if !ok {
		r.fail(path, "%s must be a list of tables: [[%s]]", keyName(path), keyName(path))
		return
	}
	f.Set(reflect.MakeSlice(f.Type(), len(list), len(list)))
	for i, tree := range list {
		setDefaults(f.Index(i))
		r.table(f.Index(i), tree, append(path[:len(path):len(path)], strconv.Itoa(i)))
	}
}

// tableList reads a list of tables, written as [[name]] or as [{...}, {...}].
func tableList(v any) ([]map[string]any, bool) {
	if list, ok := v.([]map[string]any); ok {
		return list, true
	}
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	var tables []map[string]any
	for _, e := range list {
		table, ok := e.(map[string]any)
		if !ok {
			return nil, false
		}
		tables = append(tables, table)
	}
	return tables, true
}

// entry reads one entry of a map: a table, a list of texts or a text.
func (r *reader) entry(k key, f reflect.Value, name string, v any, path []string) {
	name, ok := r.entryName(k, name, path)
	if !ok {
		return
	}
	e := reflect.New(f.Type().Elem()).Elem()
	if e.Kind() == reflect.Struct {
		setDefaults(e)
	}
	r.value(key{name: name, typ: e.Type(), tag: k.tag}, e, v, path)
	f.SetMapIndex(reflect.ValueOf(name), e)
}

// entryName checks the name of a map's entry, which the tag "keys" bounds.
func (r *reader) entryName(k key, name string, path []string) (string, bool) {
	if k.tag.Get("keys") == "domain" {
		d, err := Domain(name)
		if err != nil {
			r.fail(path, "%s: %s", keyName(path), err)
		}
		return d, err == nil
	}
	if known := k.names(); known != nil && !slices.Contains(known, name) {
		r.fail(path, "unknown key %q%s", keyName(path), didYouMean(keyName(path), Keys()))
		return "", false
	}
	return name, true
}
