package stanza

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
)

// Why a string is no address.
var (
	errJIDUTF8     = errors.New("not UTF-8")
	errJIDEmpty    = errors.New("empty part")
	errJIDLong     = errors.New("part longer than 1023 bytes")
	errJIDExcluded = errors.New("character not allowed in a localpart")
	errJIDDomain   = errors.New("not a domain name")
)

// prepare is ParseJID for addresses that are not plain. The separators are
// found before anything is mapped to them (RFC 7622 section 3.1,
// Fundamentals).
func prepare(s string) (JID, error) {
	rest, resource, hasResource := strings.Cut(s, "/")
	local, domain, hasLocal := strings.Cut(rest, "@")
	if !hasLocal {
		local, domain = "", rest
	}
	if hasLocal && local == "" || hasResource && resource == "" {
		return JID{}, fmt.Errorf("address %.100q: %w", s, errJIDEmpty)
	}
	return NewJID(local, domain, resource)
}

// NewJID puts an address together from unprepared parts.
func NewJID(local, domain, resource string) (JID, error) {
	d, err := prepareDomain(domain)
	if err != nil {
		return JID{}, fmt.Errorf("domainpart %.100q: %w", domain, err)
	}
	l, err := prepareLocal(local)
	if err != nil {
		return JID{}, fmt.Errorf("localpart %.100q: %w", local, err)
	}
	j := JID{s: d, local: uint16(len(l)), domain: uint16(len(d))}
	if l != "" {
		j.s = l + "@" + d
		j.domain = uint16(len(j.s))
	}
	return j.WithResource(resource)
}

// WithResource replaces the resourcepart, preparing it (OpaqueString,
// RFC 7622 section 3.4). With "" it is Bare.
func (j JID) WithResource(resource string) (JID, error) {
	switch {
	case j.IsZero():
		return JID{}, fmt.Errorf("address %.100q: %w", "/"+resource, errJIDEmpty)
	case resource == "":
		return j.Bare(), nil
	}
	r, err := prepareResource(resource)
	if err != nil {
		return JID{}, fmt.Errorf("resourcepart %.100q: %w", resource, err)
	}
	j.s = j.s[:j.domain] + "/" + r
	return j, nil
}

// prepareResource applies the OpaqueString profile (RFC 7622 section 3.4,
// Resourcepart).
func prepareResource(s string) (string, error) {
	if isPlainResource(s) {
		return s, nil
	}
	return profile(precis.OpaqueString, s)
}

// prepareLocal applies the UsernameCaseMapped profile (RFC 7622 section 3.3,
// Localpart).
func prepareLocal(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	p, err := profile(precis.UsernameCaseMapped, s)
	if err == nil && strings.ContainsAny(p, forbidden) {
		err = errJIDExcluded
	}
	return p, err
}

// profile applies a PRECIS profile until it changes nothing any more, which
// for some strings takes more than once: an address must be what it is
// prepared to (RFC 8264 section 7, Order of Operations).
func profile(p *precis.Profile, s string) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", errJIDUTF8
	case len(s) > 4*maxPart: // no mapping makes text that much shorter
		return "", errJIDLong
	}
	for range 4 {
		t, err := p.String(s)
		if err != nil {
			return "", err
		}
		if len(t) > maxPart {
			return "", errJIDLong
		}
		if t == s {
			return t, nil
		}
		s = t
	}
	return "", errors.New("not stable under preparation")
}

// prepareDomain prepares a domainpart (RFC 7622 section 3.2): an IP address, or
// a domain name as U-labels.
func prepareDomain(s string) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", errJIDUTF8
	case len(s) > 4*maxPart:
		return "", errJIDLong
	case strings.HasPrefix(s, "["):
		return prepareIPv6(s)
	}
	u, err := toUnicode(strings.TrimSuffix(s, "."))
	switch {
	case err != nil:
		return "", err
	case u == "":
		return "", errJIDEmpty
	case len(u) > maxPart:
		return "", errJIDLong
	}
	return u, nil
}

// prepareIPv6 checks an address in brackets.
func prepareIPv6(s string) (string, error) {
	a, err := netip.ParseAddr(strings.TrimSuffix(s[1:], "]"))
	if err != nil || !strings.HasSuffix(s, "]") || !a.Is6() || a.Zone() != "" {
		return "", errJIDDomain
	}
	return "[" + a.String() + "]", nil
}

// strictNames maps domain names to U-labels and refuses what cannot be one.
var strictNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true))

// hostNames is strictNames that lets all other ASCII through: underscores,
// because there are hosts with such names.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

// toUnicode maps a domain name to U-labels and checks that it is one. For the
// check underscores are letters that nothing combines with.
func toUnicode(s string) (string, error) {
	if _, err := strictNames.ToUnicode(strings.ReplaceAll(s, "_", "q")); err != nil {
		return "", err
	}
	u, err := hostNames.ToUnicode(s)
	if err != nil {
		return "", err
	}
	a, err := hostNames.ToASCII(u)
	if err != nil {
		return "", err
	}
	for label := range strings.SplitSeq(a, ".") {
		if len(label) == 0 || len(label) > 63 {
			return "", errJIDDomain
		}
		for i := range len(label) {
			if jidClass[label[i]]&inLabel == 0 {
				return "", errJIDDomain
			}
		}
	}
	return u, nil
}
