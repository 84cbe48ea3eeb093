package conf

import (
	"cmp"
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// source is this package's own text: the comments of the structs in it are
// the manual.
//
//go:embed conf.go keys.go federation.go rooms.go
var source embed.FS

// manual has the comment of each struct ("Limits") and field
// ("Limits.Stanza").
type manual map[string]string

// readManual parses the comments of the embedded source.
func readManual() (manual, error) {
	m := manual{}
	for _, name := range []string{"conf.go", "keys.go", "federation.go", "rooms.go"} {
		text, err := source.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read manual: %w", err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read manual: %w", err)
		}
		m.add(file)
	}
	return m, nil
}

// add takes the comments of a file's structs.
func (m manual) add(file *ast.File) {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			t := spec.(*ast.TypeSpec)
			m[t.Name.Name] = strings.TrimSpace(gen.Doc.Text())
			s, ok := t.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range s.Fields.List {
				m[t.Name.Name+"."+f.Names[0].Name] = strings.TrimSpace(f.Doc.Text())
			}
		}
	}
}

// section is a table of the file, with its keys.
type section struct {
	header string // "[limits]", "[[component]]", `[host."example.org"]`, "" for the top
	text   string
	keys   []key
	many   bool // may be there several times, or not at all
	how    string
}

// sections lists the tables in the order of the reference.
func (m manual) sections() []section {
	top := section{}
	var rest []section
	for _, k := range keysOf(reflect.TypeFor[Config]()) {
		how := k.tag.Get("reload")
		switch {
		case k.isTable():
			rest = append(rest, section{"[" + k.name + "]", m[k.typ.Name()], keysOf(k.typ), false, how})
		case k.isTables():
			rest = append(rest, section{k.header(), m[k.typ.Elem().Name()], keysOf(k.typ.Elem()), true, how})
		case k.typ.Kind() == reflect.Map:
			text := m[k.owner+"."+k.field]
			rest = append(rest, section{"[" + k.name + "]", text, nil, true, how})
		default:
			top.keys = append(top.keys, k)
		}
	}
	return append([]section{top}, rest...)
}

// header is how a table starts that may be there several times.
func (k key) header() string {
	if k.typ.Kind() == reflect.Map {
		return "[" + k.name + `."` + cmp.Or(k.tag.Get("example"), "example.org") + `"]`
	}
	return "[[" + k.name + "]]"
}

// Describe writes the reference of all keys as Markdown.
func Describe(w io.Writer) error {
	m, err := readManual()
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("# parley.toml\n\n" +
		"Made by `parley config describe`; what validates the file prints this too.\n" +
		"`domains` is the only key that must be there. A key marked *restart* takes effect\n" +
		"when the server starts, every other also by `parley reload` or SIGHUP.\n")
	for _, s := range m.sections() {
		if s.header != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.header, s.text)
		}
		for _, k := range s.keys {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n\n%s\n", k.name, k.facts(s.how), m[k.owner+"."+k.field])
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// facts is a line with kind, default, bounds and whether a restart is needed.
func (k key) facts(how string) string {
	facts := []string{k.kind()}
	if k.tag.Get("need") == "yes" {
		facts = append(facts, "must be there")
	} else if k.typ.Kind() != reflect.Map {
		facts = append(facts, "default `"+k.format(k.defaults())+"`")
	}
	if lo, hi := k.tag.Get("min"), k.tag.Get("max"); lo != "" {
		facts = append(facts, "from "+lo+" to "+hi)
	}
	if e := k.enum(); e != nil {
		facts = append(facts, "of "+strings.Join(e, ", "))
	}
	if how == "restart" || k.tag.Get("reload") == "restart" {
		facts = append(facts, "*restart*")
	}
	return strings.Join(facts, " · ")
}

// format writes a value as it stands in the file.
func (k key) format(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = strconv.Quote(s)
	}
	switch {
	case k.isList():
		return "[" + strings.Join(quoted, ", ") + "]"
	case len(list) == 0:
		return `""`
	case k.typ.Kind() == reflect.String, k.isDuration(), strings.Contains(list[0], " "):
		return quoted[0]
	}
	return list[0]
}
