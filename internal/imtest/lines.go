package imtest

import (
	"strings"
	"testing"
)

// line is one of a script: who sends or receives what.
type line struct{ name, arrow, xml string }

// lines reads a script.
func lines(t testing.TB, script string) (list []line) {
	t.Helper()
	for text := range strings.Lines(script) {
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		name, rest, _ := strings.Cut(text, " ")
		arrow, xml, _ := strings.Cut(strings.TrimSpace(rest), " ")
		switch {
		case arrow == "->" || arrow == "<-":
			list = append(list, line{name, arrow, strings.TrimSpace(xml)})
		case len(list) == 0:
			t.Fatalf("no arrow: %s", text)
		case text[0] == '<':
			list[len(list)-1].xml += text
		default:
			list[len(list)-1].xml += " " + text
		}
	}
	return list
}
