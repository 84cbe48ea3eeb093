package xep

import (
	"testing"

	"parley/stanza"
)

// The examples of XEP-0115 sections 5.2 (Simple Generation Example) and 5.3
// (Complex Generation Example).
func TestCapsHash(t *testing.T) {
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
			iq := stanza.MustParse("<iq><query xmlns='" + nsDiscoInfo + "'>" + tc.query + "</query></iq>")
			if got := capsHash(iq); got != tc.want {
				t.Errorf("%s came, %s expected", got, tc.want)
			}
		})
	}
}
