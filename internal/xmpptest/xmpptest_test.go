package xmpptest

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, tc := range []struct{ name, want, got, err string }{
		{"same", "<message to='a'><body>x</body></message>", "<message to='a' id='7'><body>x</body></message>", ""},
		{"text", "<message><body>x</body></message>", "<message><body>y</body></message>", `text "x" expected`},
		{"missing attribute", "<message id='*'/>", "<message/>", "attribute id is missing"},
		{"absent attribute", "<message from='-'/>", "<message from='m'/>", "must not be there"},
		{"extra child", "<message/>", "<message><x xmlns='u'/></message>", "unexpected child"},
		{"more", "<message><more/></message>", "<message><x xmlns='u'/></message>", ""},
		{"missing child", "<message><x xmlns='u'/></message>", "<message/>", "is missing"},
		{"namespace", "<message><x xmlns='u'/></message>", "<message><x xmlns='v'/></message>", "is missing"},
		{"any order", "<a><b/><c/></a>", "<a><c/><b/></a>", ""},
		{"variable once", "<a><b v='$1'/><c v='$1'/></a>", "<a><b v='x'/><c v='x'/></a>", ""},
		{"variable twice", "<a><b v='$1'/><c v='$1'/></a>", "<a><b v='x'/><c v='y'/></a>", "expected"},
		{"backtracking", "<a><b v='$1'><d/></b><b/><c v='$1'/></a>",
			"<a><b v='x'/><b v='y'><d/></b><c v='y'/></a>", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := &matcher{vars: map[string]string{}}
			err := m.match(one(t, tc.want), one(t, tc.got))
			if (err == nil) != (tc.err == "") || (err != nil && !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("%q expected, %v came", tc.err, err)
			}
		})
	}
}

// foreign adds <x xmlns='u'/>, and has no opinion about attributes a.
type foreign struct{}

func (foreign) Adds(e *Element) bool                   { return e.NS == "u" && e.Name == "x" }
func (foreign) Lacks(e *Element) bool                  { return e.NS == "u" && e.Name == "y" }
func (foreign) Early(*Element) bool                    { return false }
func (foreign) Passes(*Element) bool                   { return false }
func (foreign) Agrees(_ *Element, attr, _ string) bool { return attr == "a" }

// TestDialect: what a dialect adds is let pass, and asked for it is missed; what
// it lacks is not.
func TestDialect(t *testing.T) {
	m := &matcher{vars: map[string]string{}, dialect: foreign{}}
	got := one(t, "<message><x xmlns='u'/></message>")
	if err := m.match(one(t, "<message/>"), got); err != nil {
		t.Error(err)
	}
	if err := m.match(one(t, "<message><x xmlns='u'/></message>"), one(t, "<message/>")); err == nil {
		t.Error("an expected child was not missed")
	}
	if err := m.match(one(t, "<message><y xmlns='u'/></message>"), one(t, "<message/>")); err != nil {
		t.Error(err)
	}
	if err := m.match(one(t, "<message/>"), one(t, "<message><y xmlns='u'/></message>")); err == nil {
		t.Error("another child was let pass")
	}
	if err := m.match(one(t, "<message a='1'/>"), one(t, "<message a='2'/>")); err != nil {
		t.Error(err)
	}
	if err := m.match(one(t, "<message b='1'/>"), one(t, "<message b='2'/>")); err == nil {
		t.Error("another attribute was let pass")
	}
}

func one(t *testing.T, text string) *Element {
	t.Helper()
	list, err := parseElements(text)
	if err != nil || len(list) != 1 {
		t.Fatalf("parse %q: %v, %d elements", text, err, len(list))
	}
	return list[0]
}

func TestParse(t *testing.T) {
	s, err := Parse("# Title (RFC 1 section 2)\nneeds: time\na/x sends\n  <m/>\na/x receives in any order\n  <n/>\n" +
		"a and b are friends\nwait 5m\nb is cut\n")
	if err != nil {
		t.Fatal(err)
	}
	if s.Title != "Title (RFC 1 section 2)" || !s.Needs["time"] || len(s.Steps) != 5 {
		t.Errorf("parsed as %+v", s)
	}
	if st := s.Steps[1]; st.Verb != "receives in any order" || st.Actor != "a/x" || st.XML != "<n/>\n" || st.Line != 5 {
		t.Errorf("step parsed as %+v", st)
	}
	if st := s.Steps[2]; st.Verb != "and" || st.Arg != "b are friends" {
		t.Errorf("friends parsed as %+v", st)
	}
	for _, bad := range []string{"a sends\n", "# t\n  <m/>\n", "# t\na hops\n"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q parsed without error", bad)
		}
	}
}

func TestWhoTakesPart(t *testing.T) {
	s, err := Parse("# Title\nneeds: time few\ntogether: they must\nalice and bob are friends\n" +
		"carol/x is online\nalice/y is online\nwait 1s\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Users(), " "); got != "alice bob carol" || s.Together != "they must" ||
		!s.Needs["time"] || !s.Needs["few"] || len(s.Steps) != 4 {
		t.Errorf("%s, %+v", got, s)
	}
}
