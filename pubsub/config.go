package pubsub

import (
	"encoding/json"
	"fmt"
	"time"
)

// Config is how a node is configured (XEP-0060 section 16.4.4, pubsub#node_config
// FORM_TYPE). It is kept as JSON.
type Config struct {
	Title, Description, Type, Language string   `json:",omitempty"`
	Contact                            []string `json:",omitempty"`

	Access  string   // access model
	Groups  []string `json:",omitempty"` // roster groups with access
	Publish string   // publish model: publishers, subscribers, open

	MaxItems   int    // 0: the server's limit
	Persist    bool   // items are kept, not only the last one for those who come later
	Expire     int    `json:",omitempty"` // seconds after which items go, 0 for never
	MaxPayload int    `json:",omitempty"` // bytes, 0: the server's limit
	Full       string // what happens when there are more than MaxItems

	Deliver  bool   // events are sent
	Payloads bool   // with what was published
	Style    string // of the messages: normal or headline
	SendLast string // when the last item is sent

	NotifyConfig, NotifyDelete, NotifyRetract, NotifySub bool

	Subscribe bool   // subscriptions are allowed
	ItemReply string // owner, publisher or none: whom items name
}

// decode reads a node's configuration.
func decode(text string) (c Config, err error) {
	if err = json.Unmarshal([]byte(text), &c); err != nil {
		err = fmt.Errorf("read node configuration: %w", err)
	}
	return c, err
}

// encode is the configuration as it is kept. The struct has nothing that
// cannot be written.
func (c *Config) encode() string {
	text, _ := json.Marshal(c)
	return string(text)
}

// since is from when on items count that expire.
func (c *Config) since(now time.Time) time.Time {
	if c.Expire <= 0 {
		return time.Time{}
	}
	return now.Add(-time.Duration(c.Expire) * time.Second)
}

// keep is how many items a node holds; most is the server's limit. One that
// does not persist items keeps the last for those who come later (XEP-0060
// section 12.10, Item Caching).
func (c *Config) keep(most int) int {
	switch {
	case !c.Persist:
		return 1
	case c.MaxItems == 0:
		return most
	}
	return min(c.MaxItems, most)
}

// common is what both kinds of place have by default.
func common() Config {
	return Config{
		Publish: "publishers", MaxItems: 1, Persist: true, Full: fullRetract,
		Deliver: true, Payloads: true, Style: "headline",
		NotifyDelete: true, NotifyRetract: true, Subscribe: true, ItemReply: none,
	}
}

// personal is what a node of an account is by default (XEP-0163 section 5,
// Recommended Defaults). Nodes of things that are nobody else's business are
// private from the start, also when a client says nothing of it (XEP-0402
// section 8, Security Considerations; XEP-0490 section 7, Security Considerations).
func personal(node string) Config {
	c := common()
	c.Access, c.SendLast = accessPresence, sendOnPresence
	switch node {
	case nodeBookmarks, "urn:xmpp:mds:displayed:0":
		c.Access, c.SendLast, c.MaxItems = accessWhitelist, sendNever, 0
	case nodeStorage:
		c.Access = accessWhitelist
	}
	return c
}

// general is what a node of a service is by default (XEP-0060 section 4.5,
// Node Access Models: open).
func general() Config {
	c := common()
	c.Access, c.SendLast, c.MaxItems = accessOpen, sendOnSub, 20
	return c
}
