package stanza

import "testing"

// What an unusual element made large is not kept for usual ones.
func TestShrink(t *testing.T) {
	large := map[string]func(*work){
		"attributes":      func(w *work) { w.attrs = make([]attr, 65) },
		"root attributes": func(w *work) { w.root.attrs = make([]attr, 65) },
		"depth":           func(w *work) { w.stack = make([]frame, 65) },
		"declarations":    func(w *work) { w.binds = make([]bind, 65) },
		"children":        func(w *work) { w.kids = make([]kid, 65) },
		"redeclared":      func(w *work) { w.redeclared = make([]span, 65) },
	}
	for name, enlarge := range large {
		w := &work{attrs: make([]attr, 3), ctx: free}
		enlarge(w)
		if w.shrink(); cap(w.attrs) != 0 || cap(w.root.attrs) != 0 {
			t.Errorf("many %s are kept", name)
		}
	}
	w := &work{attrs: make([]attr, 64), ctx: free, strs: []string{"x"}}
	if w.shrink(); cap(w.attrs) != 64 || w.ctx != nil || w.strs[0] != "" {
		t.Errorf("%+v", w)
	}
}
