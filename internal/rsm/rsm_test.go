package rsm_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"parley/internal/rsm"
	"parley/stanza"
)

// parent wraps the children of a <set/>.
func parent(inner string) *stanza.Element {
	return stanza.MustParse(`<query xmlns='q'>` + inner + `</query>`).Root()
}

func set(inner string) string { return `<set xmlns='` + rsm.NS + `'>` + inner + `</set>` }

func TestRead(t *testing.T) {
	for xml, want := range map[string]rsm.Set{
		``:                                      {Max: -1, Index: -1},
		set(``):                                 {Max: -1, Index: -1},
		`<set xmlns='other'><max>1</max></set>`: {Max: -1, Index: -1},
		set(`<max>10</max>`):                    {Max: 10, Index: -1},
		set(`<max> 0 </max>`):                   {Index: -1},
		set(`<max>4294967295</max>`):            {Max: 1 << 30, Index: -1},
		set(`<before/>`):                        {Max: -1, Index: -1, Back: true},
		set(`<max>3</max><before>x y</before>`): {Max: 3, Index: -1, Back: true, Before: "x y"},
		set(`<after>a&amp;b</after><index>7</index>`):     {Max: -1, Index: 7, After: "a&b"},
		set(`<max xmlns='other'>x</max><max>2</max>`):     {Max: 2, Index: -1},
		set(`<first index='x'>a</first><count>5</count>`): {Max: -1, Index: -1},
	} {
		if got, err := rsm.Read(parent(xml)); got != want || err != nil {
			t.Errorf("%s: %+v, %v; want %+v", xml, got, err, want)
		}
	}
	for _, xml := range []string{`<max/>`, `<max>-1</max>`, `<max>1.5</max>`, `<max>ten</max>`,
		`<max>4294967296</max>`, `<index>-0</index>`, `<index>x</index>`} {
		if _, err := rsm.Read(parent(set(xml))); !errors.Is(err, stanza.BadRequest) {
			t.Errorf("%s: %v", xml, err)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, c := range []struct{ max, want int }{{-1, 50}, {0, 0}, {7, 7}, {99, 99}, {101, 100}} {
		if got := (rsm.Set{Max: c.max}).Limit(50, 100); got != c.want {
			t.Errorf("max %d: %d, want %d", c.max, got, c.want)
		}
	}
	if got := (rsm.Set{Max: -1}).Limit(50, 20); got != 20 {
		t.Errorf("usual above most: %d", got)
	}
}

func TestAnswer(t *testing.T) {
	for want, a := range map[string]rsm.Answer{
		`<first index='3'>a&lt;</first><last>b</last><count>9</count>`: {First: "a<", Last: "b", Index: 3, Count: 9},
		`<first>a</first><last>b</last>`:                               {First: "a", Last: "b", Index: -1, Count: -1},
		`<count>0</count>`:                                             {},
	} {
		if got := a.XML(); got != set(want) {
			t.Errorf("%s, want %s", got, set(want))
		}
	}
	if got := (rsm.Answer{Index: -1, Count: -1}).XML(); got != `<set xmlns='`+rsm.NS+`'/>` {
		t.Error(got)
	}
}

// TestPage walks through a list as XEP-0059 section 2 shows it.
func TestPage(t *testing.T) {
	list := strings.Split("a b c d e f g", " ")
	id := func(s string) string { return s }
	for xml, want := range map[string]string{
		``:                                      "abcde first=a last=e index=0",
		`<max>3</max>`:                          "abc first=a last=c index=0",
		`<max>3</max><after>c</after>`:          "def first=d last=f index=3",
		`<max>3</max><after>g</after>`:          " first= last= index=7",
		`<max>3</max><before/>`:                 "efg first=e last=g index=4",
		`<max>3</max><before>e</before>`:        "bcd first=b last=d index=1",
		`<max>3</max><before>a</before>`:        " first= last= index=0",
		`<before>c</before>`:                    "ab first=a last=b index=0",
		`<max>2</max><index>4</index>`:          "ef first=e last=f index=4",
		`<max>2</max><index>9</index>`:          " first= last= index=7",
		`<max>0</max>`:                          " first= last= index=0",
		`<after>b</after><before>e</before>`:    "cd first=c last=d index=2",
		`<after>e</after><before>b</before>`:    " first= last= index=1",
		`<max>1</max><after>b</after><before/>`: "g first=g last=g index=6",
	} {
		s, err := rsm.Read(parent(set(xml)))
		if err != nil {
			t.Fatal(err)
		}
		page, a, err := rsm.Page(list, id, s, 5)
		got := strings.Join(page, "") + " first=" + a.First + " last=" + a.Last +
			" index=" + string(rune('0'+a.Index))
		if got != want || a.Count != 7 || err != nil {
			t.Errorf("%s: %s, %d, %v; want %s", xml, got, a.Count, err, want)
		}
	}
	for _, s := range []rsm.Set{{After: "x"}, {Before: "x", Back: true}} {
		if _, _, err := rsm.Page(list, id, s, 5); !errors.Is(err, stanza.ItemNotFound) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// FuzzRead: what is read is a page of any list, and never more than it.
func FuzzRead(f *testing.F) {
	f.Add(set(`<max>3</max><before>b</before>`))
	f.Add(set(`<after>a</after><index>2</index>`))
	list := []string{"a", "b", "c"}
	f.Fuzz(func(t *testing.T, xml string) {
		st, err := stanza.Parse(`<query xmlns='q'>` + xml + `</query>`)
		if err != nil {
			return
		}
		s, err := rsm.Read(st.Root())
		if err != nil {
			return
		}
		page, a, err := rsm.Page(list, func(s string) string { return s }, s, 2)
		if err == nil && len(page) > 0 && !slices.Contains(list, a.First) || len(page) > 2 {
			t.Errorf("%v %+v", page, a)
		}
		if _, err := stanza.Parse(a.XML()); err != nil {
			t.Error(err)
		}
	})
}
