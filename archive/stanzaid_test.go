package archive

import (
	"testing"

	"parley/stanza"
)

// TestUnspoof: what claims to be an id of the account's is cut however its
// address is spelt, and what is another's stays (XEP-0359 section 3, Business
// Rules).
func TestUnspoof(t *testing.T) {
	ours, err := stanza.ParseJID("romeo@a.lit")
	if err != nil {
		t.Fatal(err)
	}
	for by, cut := range map[string]bool{
		"romeo@a.lit": true, "ROMEO@A.LIT": true, "rom&#101;o@a.lit": true, "romeo&#64;a.lit": true,
		"romeo@a.lit/x": false, "r@conference.a.lit": false, "xromeo@a.lit": false, "romeo@b.lit": false,
		"ｒomeo@a.lit": true, "a.lit": false, "": false,
	} {
		st := stanza.MustParse("<message><body>x</body><stanza-id xmlns='" + nsStanzaID + "' by='" + by +
			"' id='1'/></message>")
		var e stanza.Edits
		Unspoof(st, &e, ours)
		got := stanza.MustParse(string(st.Append(nil, &e, stanza.Out{}))).Has(nsStanzaID, "stanza-id")
		if got == cut {
			t.Errorf("by=%q: stays is %v", by, got)
		}
	}
}
