package c2s

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"time"

	"parley/auth"
	"parley/stanza"
)

const nsFAST = "urn:xmpp:fast:0" // XEP-0484

// Tokens keeps what clients log in with in place of a password (XEP-0484).
type Tokens interface {
	// Of lists the tokens of one client of an account, the one that it has not
	// used yet first.
	Of(ctx context.Context, account stanza.JID, client string) ([]auth.Token, error)
	// Use notes that the client has used a token: one from before is gone then, and
	// with last this one too. It is false if the token is gone already, or was used
	// with that counter or a higher one (0: there is none).
	Use(ctx context.Context, account stanza.JID, client string, t auth.Token, counter int64,
		last bool) (ok bool, err error)
	// Give adds one, in the place of one that was never used.
	Give(ctx context.Context, account stanza.JID, client string, t auth.Token) error
}

// fastFeature lists the mechanisms that take tokens (XEP-0484 section 3.1, Server
// advertises support for FAST).
func fastFeature(mechanisms []string) string {
	var b stanza.Builder
	b.Start("fast", nsFAST)
	for _, m := range mechanisms {
		b.Elem("mechanism", "", m)
	}
	return b.End().String()
}

// token is what one client logs in with. It implements auth.Tokens.
type token struct {
	all   Tokens
	agent string          // the client's id, "" if it has not given one
	fast  *stanza.Element // what it says about the token
	used  auth.Token
}

var _ auth.Tokens = (*token)(nil)

// Tokens implements auth.Tokens. They are the client's alone (XEP-0484 section 4.1,
// Client responsibilities).
func (t *token) Tokens(ctx context.Context, account stanza.JID) ([]auth.Token, error) {
	if t.agent == "" {
		return nil, nil
	}
	return t.all.Of(ctx, account, t.agent)
}

// Use implements auth.Tokens: a token from before this one is no good any more
// (XEP-0484 section 3.5, Server initiates token rotation), and neither is this one
// if that is what the client wants (section 3.6, Client requests token
// invalidation).
func (t *token) Use(ctx context.Context, account stanza.JID, proved auth.Token) error {
	counter, err := count(t.fast.Attr("count"))
	if err != nil {
		return auth.MalformedRequest
	}
	t.used = proved
	ok, err := t.all.Use(ctx, account, t.agent, proved, counter, t.invalidates())
	if err == nil && !ok {
		// (XEP-0484 section 3.4, Client authenticates using FAST)
		return auth.NotAuthorized
	}
	return err
}

// invalidates says whether the client logs in with its token for the last time.
func (t *token) invalidates() bool { return isTrue(t.fast.Attr("invalidate")) }

// count reads the counter of a login, 0 for none. It is needed where a login can
// come twice, in TLS 1.3's early data, which we do not take.
func count(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n <= 0 {
		err = strconv.ErrRange
	}
	return n, err
}

// newToken gives a client that has logged in a token for the next time, if it asks
// for one (XEP-0484 section 3.3, Server provides token to client) or had one that is
// to be replaced. It is XML for <success/>.
func (l *inline) newToken(ctx context.Context, jid stanza.JID, request *stanza.Element) string {
	agent, mechanism := agentID(request), l.wanted(request)
	if agent == "" || mechanism == "" || l.client.anonymous {
		return ""
	}
	s := l.client.server
	t := auth.Token{Mechanism: mechanism, Secret: rand.Text() + rand.Text(),
		Expires: time.Now().Add(l.lifetime())}
	if err := s.Tokens.Give(ctx, jid, agent, t); err != nil {
		s.Log.Error("make token", "account", jid.String(), "err", err)
		return "" // the client goes on with what it has
	}
	var b stanza.Builder
	b.Start("token", nsFAST, "token", t.Secret, "expiry", t.Expires.UTC().Format(time.RFC3339))
	return b.End().String()
}

// wanted is the mechanism for which the client is to have a token, "" for none.
func (l *inline) wanted(request *stanza.Element) string {
	if e := request.Child(nsFAST, "request-token"); e != nil {
		if m := e.Attr("mechanism"); slices.Contains(l.fast, m) {
			return m
		}
	}
	if l.token == nil || l.token.invalidates() {
		return ""
	}
	// Who comes every day has a token that is hardly older than a day.
	left := l.lifetime() - min(24*time.Hour, l.lifetime()/2)
	if time.Until(l.token.used.Expires) < left {
		return l.token.used.Mechanism
	}
	return ""
}

// lifetime is how long a token is good for.
func (l *inline) lifetime() time.Duration {
	return time.Duration(l.conf.Login.TokenDays) * 24 * time.Hour
}
