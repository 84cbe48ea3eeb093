package conf

import (
	"fmt"
	"reflect"
	"strings"
)

// Example is a commented file with every key at its default, which serves the
// given domains. Keys that have a default are commented out.
func Example(domains ...string) (string, error) {
	m, err := readManual()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# Configuration of Parley, an XMPP server. Lines that start with # are\n" +
		"# defaults: take the # away to change one. `parley check` tells what is wrong.\n")
	for _, s := range m.sections() {
		m.exampleSection(&b, s, domains)
	}
	return b.String(), nil
}

// exampleSection writes one table. The header of a table with defaults only
// is no comment, so that a key can be enabled by itself.
func (m manual) exampleSection(b *strings.Builder, s section, domains []string) {
	if s.header != "" {
		fmt.Fprintf(b, "\n\n%s", comment(s.text))
		b.WriteString(map[bool]string{true: "#"}[s.many] + s.header + "\n")
	}
	for _, k := range s.keys {
		fmt.Fprintf(b, "\n%s", comment(m[k.owner+"."+k.field]))
		switch {
		case k.name == "domains" && s.header == "":
			fmt.Fprintf(b, "%s = %s\n", k.name, k.format(domains))
		case k.typ.Kind() == reflect.Map:
			fmt.Fprintf(b, "#%s = { \"CN=Alice\" = \"alice@example.org\" }\n", k.name)
		case k.tag.Get("example") != "":
			fmt.Fprintf(b, "#%s = %q\n", k.name, k.tag.Get("example"))
		default:
			fmt.Fprintf(b, "#%s = %s\n", k.name, k.format(k.defaults()))
		}
	}
	if s.keys == nil {
		b.WriteString("#abuse = [\"mailto:abuse@example.org\"]\n")
	}
}

// comment puts # in front of each line.
func comment(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("# " + strings.TrimSuffix(line, "\n") + "\n")
	}
	return b.String()
}
