package muc

import (
	"crypto/sha1"
	"encoding/hex"
	"slices"

	"parley/internal/form"
	"parley/stanza"
)

const nsHats = "urn:xmpp:hats:0" // XEP-0317

// Hat is a role that the room itself has thought of (XEP-0317 section 3.1, Hats
// in Presence).
type Hat struct {
	URI   string `json:"uri"`
	Title string `json:"title"`
	Hue   string `json:"hue,omitempty"` // an angle
}

// What a room may have of them.
const (
	mostHats    = 50
	mostWorn    = 1000 // by all users together
	longestName = 256  // of a title or URI
)

// hatted is the element of an occupant's presence, "" if it wears no hat.
func (r *Room) hatted(user stanza.JID) string {
	worn := r.config.Worn[user.Bare().String()]
	if len(worn) == 0 {
		return ""
	}
	var b stanza.Builder
	b.Start("hats", nsHats)
	for _, uri := range worn {
		if h := r.hat(uri); h != nil {
			b.Start("hat", "", "title", h.Title, "uri", h.URI, "hue", h.Hue).End()
		}
	}
	return b.End().String()
}

// hat is the hat of that URI, nil if there is none.
func (r *Room) hat(uri string) *Hat {
	for i := range r.config.Hats {
		if r.config.Hats[i].URI == uri {
			return &r.config.Hats[i]
		}
	}
	return nil
}

// hatsHash is what changes when the list of hats does (XEP-0317 section 2,
// Discovery).
func (r *Room) hatsHash() form.Field {
	h := sha1.New()
	for _, hat := range r.config.Hats {
		h.Write([]byte(hat.URI + "\n"))
	}
	return text("hats#hash", "Hats hash", hex.EncodeToString(h.Sum(nil)))
}

// putHat makes or changes a hat (XEP-0317 section 3.2, Creating and Updating a
// Hat). The configuration is a copy of the room's own.
func (c *Config) putHat(v form.Values) error {
	hat := Hat{URI: v.One("hats#uri"), Title: v.One("hats#title"), Hue: v.One("hats#hue")}
	if hat.URI == "" || hat.Title == "" || len(hat.URI) > longestName ||
		len(hat.Title) > longestName || len(hat.Hue) > longestName {
		return stanza.BadRequest.WithText("A hat needs a title and a URI.")
	}
	c.Hats = slices.Clone(c.Hats)
	i := slices.IndexFunc(c.Hats, func(h Hat) bool { return h.URI == hat.URI })
	switch {
	case i >= 0:
		c.Hats[i] = hat
	case len(c.Hats) >= mostHats:
		return stanza.ResourceConstraint
	default:
		c.Hats = append(c.Hats, hat)
	}
	return nil
}

// dropHat destroys a hat, and takes it off those who wear it (XEP-0317 section
// 3.3, Destroying a Hat).
func (c *Config) dropHat(v form.Values) error {
	uri := hatURI(v)
	i := slices.IndexFunc(c.Hats, func(h Hat) bool { return h.URI == uri })
	if i < 0 {
		return stanza.ItemNotFound
	}
	c.Hats = slices.Delete(slices.Clone(c.Hats), i, i+1)
	worn := map[string][]string{}
	for user, list := range c.Worn {
		if left := without(list, uri); len(left) > 0 {
			worn[user] = left
		}
	}
	c.Worn = worn
	return nil
}

// giveHat has a user wear a hat (XEP-0317 section 3.5, Assigning a Hat).
func (c *Config) giveHat(v form.Values) error {
	user, uri, err := c.wearer(v)
	if err != nil || slices.Contains(c.Worn[user], uri) {
		return err
	}
	worn, n := map[string][]string{}, 1
	for u, list := range c.Worn {
		worn[u] = list
		n += len(list)
	}
	if n > mostWorn {
		return stanza.ResourceConstraint
	}
	worn[user] = append(slices.Clip(worn[user]), uri)
	c.Worn = worn
	return nil
}

// takeHat has a user wear it no longer (XEP-0317 section 3.6, Removing a Hat).
func (c *Config) takeHat(v form.Values) error {
	user, uri, err := c.wearer(v)
	if err != nil {
		return err
	}
	worn := map[string][]string{}
	for u, list := range c.Worn {
		if u == user {
			list = without(list, uri)
		}
		if len(list) > 0 {
			worn[u] = list
		}
	}
	c.Worn = worn
	return nil
}

// wearer reads which user and which hat are meant.
func (c *Config) wearer(v form.Values) (user, uri string, err error) {
	jid, err := stanza.ParseJID(v.One("hats#jid"))
	if err != nil || jid.Local() == "" {
		return "", "", stanza.JIDMalformed
	}
	uri = hatURI(v)
	if !slices.ContainsFunc(c.Hats, func(h Hat) bool { return h.URI == uri }) {
		return "", "", stanza.ItemNotFound
	}
	return jid.Bare().String(), uri, nil
}

// hatURI is the hat that a form names; one of the examples has another name for
// it (XEP-0317 section 3.3, Destroying a Hat, example 10).
func hatURI(v form.Values) string {
	if v.Has("hats#uri") {
		return v.One("hats#uri")
	}
	return v.One("hat")
}
