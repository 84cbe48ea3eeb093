package stanza

import "strings"

// Standalone is the element as XML that means the same anywhere: what it uses
// of the namespaces declared around it is declared in its start tag, the rest
// is as written. Text that is kept apart from its stanza is kept so.
func (e *Element) Standalone() string {
	if e == nil {
		return ""
	}
	end := strings.IndexAny(e.Raw, " \t\r\n/>") // of the name: "<" is one byte
	declared := declares(e.Raw)
	var b strings.Builder
	b.WriteString(e.Raw[:end])
	seen := map[string]bool{"xml": true}
	for n := len(e.outer) - 1; n >= 0; n-- {
		d := e.outer[n]
		if seen[d.prefix] || declared[d.prefix] {
			continue
		}
		seen[d.prefix] = true
		switch {
		case d.prefix == "":
			b.WriteString(" xmlns='")
		case strings.Contains(e.Raw, d.prefix+":"):
			b.WriteString(" xmlns:" + d.prefix + "='")
		default:
			continue
		}
		b.Write(AppendEscaped(nil, d.ns))
		b.WriteByte('\'')
	}
	b.WriteString(e.Raw[end:])
	return b.String()
}

// declares is the set of prefixes that the start tag of raw declares.
func declares(raw string) map[string]bool {
	t := tree{raw: raw}
	_, _, _ = t.startTag(0) // for its declarations; names need no namespaces here
	set := map[string]bool{}
	for _, d := range t.scope {
		set[d.prefix] = true
	}
	return set
}
