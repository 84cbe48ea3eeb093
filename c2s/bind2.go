package c2s

import (
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"

	"parley/router"
	"parley/stanza"
)

const nsBind2 = "urn:xmpp:bind:0" // XEP-0386

// uuid is what the id of a client looks like (XEP-0388 section 8, XML Schema).
var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// agentID is the client's stable identifier (XEP-0388 section 2.3, Initiation). One
// that is no UUID could be many a client's: it is as if there were none.
func agentID(request *stanza.Element) string {
	id := strings.ToLower(request.Child(stanza.NSSASL2, "user-agent").Attr("id"))
	if !uuid.MatchString(id) {
		return ""
	}
	return id
}

// bind2 binds a resource with the login and does what else is asked for (XEP-0386
// section 3.2, Performing the bind).
func (c *client) bind2(ctx context.Context, bare stanza.JID, agent string, e *stanza.Element) (
	*router.Session, string, error) {
	a, err := c.account(ctx, bare)
	if err != nil {
		return nil, "", err
	}
	name := rand.Text()
	if agent != "" {
		name = c.server.Auth.Pseudonym(bare, agent)
	}
	session, management, err := c.bindAs(ctx, a, resource2(a.JID, e, name), e)
	if errors.Is(err, stanza.Conflict) {
		// The older session is this client's own and ends below, so that it is
		// no reason to refuse the newer one (see router.Account.Bind).
		session, management, err = c.bindAs(ctx, a, resource2(a.JID, e, rand.Text()+"/"+name), e)
	}
	if err != nil {
		return nil, "", err
	}
	if agent != "" {
		endOthers(session, name)
	}
	// XEP-0352 section 4.2, Indicating state
	session.SetInactive(e.Child(nsState, "inactive") != nil)
	var b stanza.Builder
	b.Start("bound", nsBind2).Raw(session.Inline(ctx, e)).Raw(management)
	return session, b.End().String(), nil
}

// bindAs binds one resource, and begins stream management if that is asked for
// (XEP-0198 section 9.1, Enable Stream Management Inline).
func (c *client) bindAs(ctx context.Context, a *router.Account, resource string,
	e *stanza.Element) (*router.Session, string, error) {
	enable := e.Child(stanza.NSManagement, "enable")
	if enable == nil {
		s, err := a.Bind(ctx, resource, c)
		return s, "", err
	}
	resume, most := wishes(enable.Attr)
	s, m, err := a.BindManaged(ctx, resource, c, resume, most)
	return s, enabled(m, c.server.config().C2S.ResumeAt), err
}

// resource2 is the client's tag with a name of ours behind it (XEP-0386 section
// 3.2.1, Resource identifier generation). A tag that cannot be in a resource is
// left out.
func resource2(bare stanza.JID, e *stanza.Element, name string) string {
	tag := e.ChildText(nsBind2, "tag")
	if tag == "" {
		return name
	}
	full, err := bare.WithResource(tag + "/" + name)
	if err != nil {
		return name
	}
	return full.Resource()
}

// endOthers ends the earlier sessions of the same client, whatever tag they have
// (XEP-0386 section 3.2, Performing the bind).
func endOthers(session *router.Session, name string) {
	for _, s := range session.Account.Sessions() {
		if r := s.JID.Resource(); s != session && (r == name || strings.HasSuffix(r, "/"+name)) {
			s.Stream().Close(stanza.StreamConflict)
		}
	}
}
