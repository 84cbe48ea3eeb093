package conf

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
)

// checkText checks a text against the key's enum and kind, and returns it in
// canonical form.
func (k key) checkText(s string) (string, error) {
	if e := k.enum(); e != nil && !slices.Contains(e, s) {
		return "", fmt.Errorf("%q must be one of %s%s", s, strings.Join(e, ", "), didYouMean(s, e))
	}
	if s == "" && k.tag.Get("need") == "" && !k.isList() {
		return s, nil
	}
	return prepare(k.tag.Get("is"), s)
}

// prepare checks a text of the kind that the tag "is" names.
func prepare(is, s string) (string, error) {
	switch is {
	case "domain", "host":
		return Domain(s)
	case "label":
		return label(s)
	case "jid":
		return bareJID(s)
	case "addr":
		return address(s)
	case "uri":
		u, err := url.Parse(s)
		if err != nil || u.Scheme == "" {
			return "", fmt.Errorf("%q must be a URI such as \"mailto:abuse@example.org\"", s)
		}
		return s, nil
	}
	if s == "" {
		return "", errors.New("must not be empty")
	}
	return s, nil
}

// Domain prepares the domainpart of an address: U-labels, lower case, no
// trailing dot (RFC 7622 section 3.2, Domainpart).
func Domain(s string) (string, error) {
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(),
		idna.VerifyDNSLength(true), idna.StrictDomainName(true))
	ascii, err := profile.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil || ascii == "" {
		return "", fmt.Errorf("%q is not a domain name such as \"example.org\"", s)
	}
	domain, err := profile.ToUnicode(ascii)
	if err != nil {
		return "", fmt.Errorf("%q is not a domain name such as \"example.org\"", s)
	}
	return domain, nil
}

// label is one part of a domain name, without dots.
func label(s string) (string, error) {
	d, err := Domain(s)
	if err != nil || strings.Contains(d, ".") {
		return "", fmt.Errorf("%q must be one part of a domain name, such as \"conference\"", s)
	}
	return d, nil
}

// bareJID prepares the address of an account (RFC 7622 section 3.3,
// Localpart, and section 3.2, Domainpart).
func bareJID(s string) (string, error) {
	bad := fmt.Errorf("%q is not the address of an account such as \"alice@example.org\"", s)
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || strings.ContainsAny(local, "\"&'/:<>@") {
		return "", bad
	}
	local, err := precis.UsernameCaseMapped.String(local)
	if err != nil || len(local) > 1023 {
		return "", bad
	}
	domain, err = Domain(domain)
	if err != nil {
		return "", bad
	}
	return local + "@" + domain, nil
}

// address is a host (or none, for all) and a port.
func address(s string) (string, error) {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", fmt.Errorf("%q must be an address and a port such as "+
			"\"127.0.0.1:5222\", \"[::1]:5222\" or \":5222\"", s)
	}
	return s, nil
}

// nearest is the candidate that differs least from s, "" if none is near.
func nearest(s string, candidates []string) string {
	best, least := "", 1+min(3, max(1, len(s)/3))
	for _, c := range candidates {
		if d := distance(strings.ToLower(s), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// didYouMean is the end of an error text that names the nearest candidate.
func didYouMean(s string, candidates []string) string {
	if n := nearest(s, candidates); n != "" {
		return "; did you mean " + n + "?"
	}
	return ""
}

// distance counts the edits between two texts (Levenshtein, with swaps of
// neighbours as one edit).
func distance(a, b string) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
