package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/stanza"
)

// namesSomebody says whether the client's certificate may act for any address
// of the stream's domain (RFC 6120 section 6.3.4, Mechanism Offers). Whether
// there is such an account is looked at later.
func (c ConnInfo) namesSomebody(policy Policy) bool {
	return slices.ContainsFunc(c.certAddresses(policy), func(j stanza.JID) bool {
		return j.Domain() == c.Domain
	})
}

// certAddresses are the bare addresses that the client's certificate stands
// for, its own or those mapped to it (XEP-0178 section 2, Client-to-Server
// Recommendation). The mapping is asked only where the certificate names none.
func (c ConnInfo) certAddresses(policy Policy) []stanza.JID {
	if c.ClientCert == nil {
		return nil
	}
	found := bareAddresses(xmppAddrs(c.ClientCert))
	if len(found) == 0 && policy.MapCertificate != nil {
		found = bareAddresses(policy.MapCertificate(c.ClientCert))
	}
	return found
}

// bareAddresses keeps the valid addresses of users, each once.
func bareAddresses(texts []string) []stanza.JID {
	var found []stanza.JID
	for _, text := range texts {
		j, err := stanza.ParseJID(text)
		if err != nil || j.IsFull() || j.IsHost() || slices.Contains(found, j) {
			continue
		}
		found = append(found, j)
	}
	return found
}

var errNoAddress = errors.New("the certificate stands for no address")

// external takes the one message of EXTERNAL, the authorization identity or
// nothing (RFC 4422 appendix A.1, EXTERNAL Technical Specification).
func (x *exchange) external(ctx context.Context, response []byte) ([]byte, step, error) {
	authzid := string(response)
	if !utf8.ValidString(authzid) || strings.IndexByte(authzid, 0) >= 0 {
		return nil, nil, MalformedRequest.because("syntax error in EXTERNAL message")
	}
	account, err := chooseAddress(x.conn.certAddresses(x.policy), authzid)
	if err != nil {
		return nil, nil, err
	}
	x.account = account
	if account.Domain() != x.conn.Domain {
		return nil, nil, InvalidAuthzid.from(errors.New("address of another domain"))
	}
	_, state, err := x.find(ctx, account)
	if err != nil {
		return nil, nil, err
	}
	if state == Unknown {
		return nil, nil, NotAuthorized.from(errNoAccount)
	}
	return nil, nil, x.admit(state, "")
}

// chooseAddress picks the address to act for (XEP-0178 section 2,
// Client-to-Server Recommendation, step 11): the one that was asked for, which
// must be the certificate's; without a wish the only one there is.
func chooseAddress(addresses []stanza.JID, authzid string) (stanza.JID, error) {
	switch {
	case len(addresses) == 0:
		return stanza.JID{}, NotAuthorized.from(errNoAddress)
	case authzid == "" && len(addresses) > 1:
		return stanza.JID{}, InvalidAuthzid.because("the certificate has several addresses")
	case authzid == "":
		return addresses[0], nil
	}
	wanted, err := stanza.ParseJID(authzid)
	if err != nil || !slices.Contains(addresses, wanted) {
		return stanza.JID{}, InvalidAuthzid.from(err)
	}
	return wanted, nil
}
