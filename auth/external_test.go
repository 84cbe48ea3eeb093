package auth

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"testing"
)

// otherName is an otherName of a SubjectAltName with a UTF8String in it.
type otherName struct {
	Type  asn1.ObjectIdentifier
	Value string `asn1:"tag:0,explicit,utf8"`
}

func marshal(t testing.TB, v any, params string) []byte {
	t.Helper()
	der, err := asn1.MarshalWithParams(v, params)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// sanOf makes the value of a SubjectAltName: a DNS name, an otherName of
// another type, and the addresses as id-on-xmppAddr.
func sanOf(t testing.TB, addresses ...string) []byte {
	t.Helper()
	names := []asn1.RawValue{
		{FullBytes: marshal(t, "example.com", "tag:2,ia5")},
		{FullBytes: marshal(t, otherName{asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 7},
			"evil@example.com"}, "tag:0")},
	}
	for _, address := range addresses {
		names = append(names, asn1.RawValue{
			FullBytes: marshal(t, otherName{oidXMPPAddr, address}, "tag:0")})
	}
	return marshal(t, names, "")
}

// certificate is a parsed certificate as far as EXTERNAL looks at it.
func certificate(_ testing.TB, sans ...[]byte) *x509.Certificate {
	cert := &x509.Certificate{Extensions: []pkix.Extension{
		{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Value: []byte{0x30, 0}},
	}}
	for _, san := range sans {
		cert.Extensions = append(cert.Extensions, pkix.Extension{Id: oidSubjectAltName, Value: san})
	}
	return cert
}

func TestXMPPAddrs(t *testing.T) {
	want := []string{"user@example.com", "julia@ünïcode.example"}
	got := xmppAddrs(certificate(t, sanOf(t, want...)))
	if !slices.Equal(got, want) {
		t.Errorf("addresses %q, want %q", got, want)
	}
	if got := xmppAddrs(certificate(t)); got != nil {
		t.Errorf("a certificate without names has %q", got)
	}
}

func TestXMPPAddrsOfBrokenNames(t *testing.T) {
	good := sanOf(t, "user@example.com")
	raw := func(tag int, content []byte) []byte {
		return marshal(t, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag,
			IsCompound: true, Bytes: content}, "")
	}
	sequence := func(content ...[]byte) []byte {
		return marshal(t, asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true,
			Bytes: slices.Concat(content...)}, "")
	}
	oid := marshal(t, oidXMPPAddr, "")
	text := marshal(t, "user@example.com", "utf8")
	if got := xmppAddrsOf(sequence(raw(0, slices.Concat(oid, raw(0, text))))); len(got) != 1 {
		t.Fatalf("the name to spoil is spoilt already: %q", got)
	}
	otherName := func(parts ...[]byte) []byte { return sequence(raw(0, slices.Concat(parts...))) }
	for name, der := range map[string][]byte{
		"empty":                   nil,
		"not a sequence":          marshal(t, 5, ""),
		"something after it":      append(slices.Clone(good), 0),
		"cut off":                 good[:len(good)-1],
		"not tagged":              sequence(sequence(oid, raw(0, text))),
		"another tag":             sequence(raw(1, slices.Concat(oid, raw(0, text)))),
		"value not tagged":        otherName(oid, text),
		"value with another tag":  otherName(oid, raw(1, text)),
		"no value":                otherName(oid),
		"no type":                 otherName(raw(0, text)),
		"two values":              otherName(oid, raw(0, text), raw(0, text)),
		"two texts":               otherName(oid, raw(0, slices.Concat(text, text))),
		"an IA5String":            otherName(oid, raw(0, marshal(t, "user@example.com", "ia5"))),
		"not UTF-8":               otherName(oid, raw(0, []byte{0x0c, 3, 'a', '@', 0xff})),
		"text longer than it is":  otherName(oid, raw(0, []byte{0x0c, 9, 'a'})),
		"no name in the sequence": sequence([]byte{0xa0}),
	} {
		if got := xmppAddrsOf(der); len(got) != 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestExternal goes through the cases of XEP-0178 section 2, Client-to-Server
// Recommendation.
func TestExternal(t *testing.T) {
	one := []string{"user@example.com"}
	several := []string{"user@example.com", "other@example.com"}
	elsewhere := []string{"user@example.com", "user@example.org"}
	for _, c := range []struct {
		name      string
		addresses []string
		mapped    []string
		authzid   string
		want      string
		failure   *Failure
	}{
		{"one address", one, nil, "", "user@example.com", nil},
		{"the same twice", append(one, one...), nil, "", "user@example.com", nil},
		{"address to be prepared", []string{"USER@Example.COM"}, nil, "", "user@example.com", nil},
		{"one address, asked for", one, nil, "user@example.com", "user@example.com", nil},
		{"asked for, to be prepared", one, nil, "User@EXAMPLE.com", "user@example.com", nil},
		{"one address, another asked for", one, nil, "other@example.com", "", InvalidAuthzid},
		{"a full address asked for", one, nil, "user@example.com/x", "", InvalidAuthzid},
		{"no address asked for", one, nil, "@", "", InvalidAuthzid},
		{"the domain asked for", one, nil, "example.com", "", InvalidAuthzid},
		{"several, none asked for", several, nil, "", "", InvalidAuthzid},
		{"several, one asked for", several, nil, "other@example.com", "other@example.com", nil},
		{"several, another asked for", several, nil, "disabled@example.com", "", InvalidAuthzid},
		{"two domains, none asked for", elsewhere, nil, "", "", InvalidAuthzid},
		{"two domains, ours asked for", elsewhere, nil, "user@example.com", "user@example.com", nil},
		{"two domains, the other asked for", elsewhere, nil, "user@example.org", "", InvalidAuthzid},
		{"full and domain addresses do not count", []string{"user@example.com",
			"other@example.com/x", "example.com", "no address@"}, nil, "", "user@example.com", nil},
		{"no such account", []string{"nobody@example.com"}, nil, "", "", NotAuthorized},
		{"disabled account", []string{"disabled@example.com"}, nil, "", "", AccountDisabled},
		{"account without a password", []string{"unsalted@example.com"}, nil, "",
			"unsalted@example.com", nil},
		{"store fails", []string{"broken@example.com"}, nil, "", "", TemporaryAuthFailure},
		{"mapped", nil, one, "", "user@example.com", nil},
		{"mapped and asked for", nil, several, "other@example.com", "other@example.com", nil},
		{"mapped to another than asked for", nil, one, "other@example.com", "", InvalidAuthzid},
		{"no mapping where there is an address", one, []string{"other@example.com"},
			"other@example.com", "", InvalidAuthzid},
		{"not UTF-8", one, nil, "user@\xff", "", MalformedRequest},
		{"NUL", one, nil, "user@example.com\x00", "", MalformedRequest},
		{"NUL first", one, nil, "\x00user@example.com", "", MalformedRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := secureConn()
			conn.ClientCert = certificate(t, sanOf(t, c.addresses...))
			policy := Policy{MapCertificate: func(*x509.Certificate) []string { return c.mapped }}
			x, err := newTestAuthenticator(t).Start(external, conn, policy)
			if err != nil {
				t.Fatal(err)
			}
			challenge, done, err := x.Step(t.Context(), []byte(c.authzid))
			if c.failure != nil {
				wantFailure(t, x, err, c.failure)
				return
			}
			if challenge != nil || !done || err != nil {
				t.Fatalf("%q, %v, %v", challenge, done, err)
			}
			if got := x.Result(); got != (Identity{JID: mustJID(t, c.want), Mechanism: external}) {
				t.Errorf("authenticated %+v, want %s", got, c.want)
			}
		})
	}
}

// TestExternalWhenMappingChanges: what was mapped when EXTERNAL was offered may
// be gone when it is used.
func TestExternalWhenMappingChanges(t *testing.T) {
	conn := secureConn()
	conn.ClientCert = certificate(t)
	mapped := []string{"user@example.com"}
	policy := Policy{MapCertificate: func(*x509.Certificate) []string { return mapped }}
	x, err := newTestAuthenticator(t).Start(external, conn, policy)
	if err != nil {
		t.Fatal(err)
	}
	mapped = nil
	_, _, err = x.Step(t.Context(), []byte{})
	wantFailure(t, x, err, NotAuthorized)
}

// TestExternalOfAnotherDomain: the one address of the certificate is not of the
// stream's domain, and the mapping said otherwise a moment ago.
func TestExternalOfAnotherDomain(t *testing.T) {
	conn := secureConn()
	conn.ClientCert = certificate(t)
	mapped := []string{"user@example.com"}
	policy := Policy{MapCertificate: func(*x509.Certificate) []string { return mapped }}
	x, err := newTestAuthenticator(t).Start(external, conn, policy)
	if err != nil {
		t.Fatal(err)
	}
	mapped = []string{"user@example.org"}
	_, _, err = x.Step(t.Context(), []byte{})
	wantFailure(t, x, err, InvalidAuthzid)
	if errors.Is(err, NotAuthorized) {
		t.Error("conditions are told apart")
	}
}
