package c2s

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"parley/router"
	"parley/stanza"
	"parley/stream"
)

// managementFeature announces stream management, when a client may bind or
// resume (XEP-0198 section 2, Stream Feature).
const managementFeature = "<sm xmlns='" + stanza.NSManagement + "'/>"

// unexpected refuses what comes too early, or again (XEP-0198 section 3, Enabling
// Stream Management).
var unexpected = stanza.ManagementFailed(stanza.UnexpectedRequest, nil)

// management acts on an element of stream management in a session.
func (c *client) management(st *stanza.Stanza) {
	session := c.bound.Load()
	switch st.Name {
	case "enable":
		answer := func(m router.Management) string { return enabled(m, c.server.config().C2S.ResumeAt) }
		if resume, most := wishes(attrs(st)); !session.Manage(resume, most, answer) {
			session.Say(unexpected)
		}
	case "r":
		session.Ask()
	case "a":
		h, err := st.Handled()
		if err != nil {
			c.Close(stanza.StreamBadFormat.WithText("h is no number"))
		} else if sent, ok := session.Acknowledged(h); !ok {
			c.Close(stanza.HandledTooHigh(h, sent))
		}
	default:
		session.Say(unexpected)
	}
}

// attrs are the attributes of a stanza, "" for those that are not there.
func attrs(st *stanza.Stanza) func(name string) string {
	return func(name string) string {
		value, _ := st.Attr(name)
		return value
	}
}

// wishes are what a client asks for in <enable/>: whether the stream is to be
// resumed, and how long that shall be possible, 0 if it does not say. What is
// wrong is as if it were not there.
func wishes(attr func(name string) string) (resume bool, most time.Duration) {
	seconds, err := strconv.ParseUint(attr("max"), 10, 32)
	if err == nil {
		most = time.Duration(min(seconds, math.MaxInt32)) * time.Second
	}
	return isTrue(attr("resume")), most
}

// isTrue reads an XML boolean.
func isTrue(text string) bool { return text == "true" || text == "1" }

// enabled tells a client that stream management has begun (XEP-0198 section 3,
// Enabling Stream Management), and where it can resume it (section 5,
// Resumption).
func enabled(m router.Management, location string) string {
	var b stanza.Builder
	b.Start("enabled", stanza.NSManagement)
	if m.ID != "" {
		b.Attr("id", m.ID).Attr("resume", "true").
			Attr("max", strconv.FormatInt(int64(m.Max/time.Second), 10))
		if location != "" {
			b.Attr("location", location)
		}
	}
	return b.End().String()
}

// resume gives the client a session of its account that it had before (XEP-0198
// section 5, Resumption), and says what it is to be answered. Without a session
// it may bind a resource, unless the answer is that the stream ends.
func (c *client) resume(ctx context.Context, bare stanza.JID, attr func(name string) string) (
	*router.Session, string, error) {
	h, err := strconv.ParseUint(attr("h"), 10, 32)
	if err != nil || attr("previd") == "" {
		return nil, stanza.ManagementFailed(stanza.BadRequest, nil), nil
	}
	session, handled, err := c.server.Router.Resume(ctx, bare, attr("previd"), uint32(h), c)
	var tooHigh *router.TooHighError
	var gone *router.NotResumedError
	switch {
	case err == nil:
		session.SetInactive(false) // XEP-0352 section 5.2, Interaction with Stream Resumption
		return session, resumed(attr("previd"), handled), nil
	case errors.As(err, &tooHigh):
		return nil, "", stanza.HandledTooHigh(tooHigh.Handled, tooHigh.Sent)
	case errors.As(err, &gone):
		return nil, stanza.ManagementFailed(stanza.ItemNotFound, gone.Handled), nil
	}
	c.server.Log.Error("resume session", "account", bare.String(), "err", err)
	return nil, stanza.ManagementFailed(stanza.InternalServerError, nil), nil
}

// resumed tells a client that it has its session back (XEP-0198 section 5,
// Resumption).
func resumed(id string, handled uint32) string {
	var b stanza.Builder
	b.Start("resumed", stanza.NSManagement, "previd", id,
		"h", strconv.FormatUint(uint64(handled), 10))
	return b.End().String()
}

// beforeLogin answers stream management before authentication (XEP-0198 section
// 3, Enabling Stream Management: the order is enforced).
func beforeLogin(_ context.Context, _ *stream.Negotiation, st *stanza.Stanza) (
	a stream.Action, ok bool) {
	if !requests(st) {
		return a, false
	}
	return stream.Action{Write: []byte(unexpected)}, true
}

// requests says whether an element asks for stream management.
func requests(st *stanza.Stanza) bool {
	return st.NS == stanza.NSManagement && (st.Name == "enable" || st.Name == "resume")
}

// Replace implements router.Replaced: another connection has the session now.
func (c *client) Replace(err *stanza.StreamError) {
	c.mu.Lock()
	mine := !c.writing && !c.ended && !c.left && !c.closing()
	if mine {
		c.writing, c.ended = true, true
		c.closeBy.Store(time.Now().Unix())
	}
	c.mu.Unlock()
	if mine {
		c.farewell(stream.AppendError(nil, err))
	}
	c.conn.Close()
	if mine {
		c.mu.Lock()
		c.writing = false
		c.unlock()
	}
}

// courtesy is how long the last words to a connection that is replaced may take
// where writing cannot be tried without waiting.
const courtesy = 100 * time.Millisecond

// farewell writes the last words if that needs no waiting.
func (c *client) farewell(last []byte) {
	done, err := c.conn.TryWrite(last)
	if err == nil && !done && c.conn.SetWriteDeadline(time.Now().Add(courtesy)) == nil {
		err = c.conn.Flush()
	}
	if err == nil {
		_ = c.conn.CloseWrite() // as the words themselves
	}
}

var _ router.Replaced = (*client)(nil)
