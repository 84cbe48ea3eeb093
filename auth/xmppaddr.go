package auth

import (
	"crypto/x509"
	"encoding/asn1"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidXMPPAddr       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5}
)

// xmppAddrs reads the addresses that a certificate has as id-on-xmppAddr
// (RFC 6120 section 13.7.1.4, XmppAddr Identifier Type), unprepared.
func xmppAddrs(cert *x509.Certificate) []string {
	var found []string
	for _, extension := range cert.Extensions {
		if extension.Id.Equal(oidSubjectAltName) {
			found = append(found, xmppAddrsOf(extension.Value)...)
		}
	}
	return found
}

// xmppAddrsOf walks a SubjectAltName (RFC 5280 section 4.2.1.6, Subject
// Alternative Name). What it cannot read it leaves out, and the rest with it.
func xmppAddrsOf(der []byte) []string {
	input, names := cryptobyte.String(der), cryptobyte.String(nil)
	if !input.ReadASN1(&names, cbasn1.SEQUENCE) || !input.Empty() {
		return nil
	}
	var found []string
	for !names.Empty() {
		var name cryptobyte.String
		var tag cbasn1.Tag
		if !names.ReadAnyASN1(&name, &tag) {
			return found
		}
		if tag != cbasn1.Tag(0).ContextSpecific().Constructed() {
			continue
		}
		if address, ok := xmppAddr(name); ok {
			found = append(found, address)
		}
	}
	return found
}

// xmppAddr reads an otherName: a type and, explicitly tagged, a value, which is
// a UTF8String for this type.
func xmppAddr(name cryptobyte.String) (string, bool) {
	var kind asn1.ObjectIdentifier
	var value, text cryptobyte.String
	ok := name.ReadASN1ObjectIdentifier(&kind) && kind.Equal(oidXMPPAddr) &&
		name.ReadASN1(&value, cbasn1.Tag(0).ContextSpecific().Constructed()) && name.Empty() &&
		value.ReadASN1(&text, cbasn1.UTF8String) && value.Empty() && utf8.Valid(text)
	return string(text), ok
}
