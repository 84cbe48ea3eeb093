package caps

import (
	"testing"

	"parley/stanza"
)

// The examples of XEP-0115 sections 5.2 (Simple Generation Example) and 5.3
// (Complex Generation Example).
func TestHash(t *testing.T) {
	features := `<feature var='http://jabber.org/protocol/muc'/><feature var='http://jabber.org/protocol/caps'/>` +
		`<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/disco#info'/>`
	for _, tc := range []struct{ name, query, want string }{
		{"simple", `<identity category='client' type='pc' name='Exodus 0.9.1'/>` + features,
			"QgayPKawpkPSDYmwT/WM94uAlu0="},
		{"complex", `<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>` +
			`<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>` + features +
			`<x xmlns='jabber:x:data' type='result'>` +
			`<field var='software'><value>Psi</value></field>` +
			`<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>` +
			`<field var='ip_version' type='text-multi'><value>ipv6</value><value>ipv4</value></field>` +
			`<field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>` +
			`<field var='software_version'><value>0.11</value></field></x>`,
			"q07IKJEyjvHSyhy//CH0CxmKi8w="},
		// Features are sorted as they are: S is "a/b//<urn:x<urn:x#y<". The hash
		// is what sha1sum and base64 make of it.
		{"one begins with another", `<identity category='a' type='b'/>` +
			`<feature var='urn:x#y'/><feature var='urn:x'/>`, "2HpFlXcMFTg451a8bK21JHr62u8="},
	} {
		t.Run(tc.name, func(t *testing.T) {
			query := stanza.MustParse("<query xmlns='urn:d'>" + tc.query + "</query>").Root()
			if got := Hash(query); got != tc.want {
				t.Errorf("%s came, %s expected", got, tc.want)
			}
		})
	}
}

// query is a disco#info result.
func query(inner string) *stanza.Element {
	return stanza.MustParse("<query xmlns='http://jabber.org/protocol/disco#info'>" + inner + "</query>").Root()
}

// TestCheck: what is not the hashed text, or has something twice, is refused
// (XEP-0115 section 5.4, Processing Method, and section 9.3, Caps Poisoning).
func TestCheck(t *testing.T) {
	const good = `<identity category='client' type='pc' name='Exodus 0.9.1'/>` +
		`<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>` +
		`<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>`
	id := ID{Hash: "sha-1", Ver: "QgayPKawpkPSDYmwT/WM94uAlu0="}
	form := func(fields string) string {
		return good + `<x xmlns='jabber:x:data' type='result'>` + fields + `</x>`
	}
	for _, tc := range []struct {
		name, inner string
		want        error
	}{
		{"right", good, nil},
		{"one more", good + `<feature var='urn:more'/>`, ErrMismatch},
		{"an identity twice", good + `<identity category='client' type='pc' name='Exodus 0.9.1'/>`, ErrIllFormed},
		{"a feature twice", good + `<feature var='http://jabber.org/protocol/muc'/>`, ErrIllFormed},
		{"a form without a type is ignored", form(`<field var='os'><value>x</value></field>`), nil},
		{"a type that is not hidden is ignored",
			form(`<field var='FORM_TYPE'><value>urn:t</value></field>`), nil},
		{"a type with two values",
			form(`<field var='FORM_TYPE' type='hidden'><value>a</value><value>b</value></field>`), ErrIllFormed},
		{"a form", form(`<field var='FORM_TYPE' type='hidden'><value>a</value></field>`), ErrMismatch},
		{"entities are no separators", `<identity category='client' type='pc' ` +
			`name='Exodus 0.9.1&lt;http://jabber.org/protocol/caps'/>`, ErrMismatch},
	} {
		if err := id.Check(query(tc.inner)); err != tc.want {
			t.Errorf("%s: %v, not %v", tc.name, err, tc.want)
		}
	}
	if err := (ID{Hash: "md5", Ver: "x"}).Check(query(good)); err != ErrMismatch {
		t.Errorf("an unknown hash: %v", err)
	}
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		c    string
		want ID
		ok   bool
	}{
		{"", ID{}, false},
		{"<c xmlns='" + NS + "' node='n' ver='v'/>", ID{"n", "v", ""}, false}, // legacy
		{"<c xmlns='" + NS + "' node='n' ver='v' hash='sha-1'/>", ID{"n", "v", "sha-1"}, true},
		{"<c xmlns='" + NS + "' node='n' hash='sha-1'/>", ID{"n", "", "sha-1"}, false},
	} {
		got, ok := Read(stanza.MustParse("<presence>" + tc.c + "</presence>"))
		if got != tc.want || ok != tc.ok {
			t.Errorf("%s: %v %v", tc.c, got, ok)
		}
	}
}
