package pubsub

import (
	"slices"
	"strconv"

	"parley/internal/form"
)

// field is one field of a node's configuration (XEP-0060 section 16.4.4,
// pubsub#node_config FORM_TYPE), for forms, preconditions and metadata.
type field struct {
	name, typ, label string
	options          []string
	meta             bool // also metadata (XEP-0060 section 16.4.3, pubsub#meta-data FORM_TYPE)
	get              func(c *Config) []string
	set              func(c *Config, values []string) bool // false: no such value
}

const (
	boolean   = "boolean"
	listOne   = "list-single"
	listMany  = "list-multi"
	textOne   = "text-single"
	jidMany   = "jid-multi"
	maxText   = 4096 // bytes of a text field
	maxValues = 100  // of a field with several
)

// fields are all fields, in the order of the form; never changed.
var fields = []field{
	text("pubsub#title", "A friendly name for the node", true,
		func(c *Config) *string { return &c.Title }),
	text("pubsub#description", "A description of the node", true,
		func(c *Config) *string { return &c.Description }),
	text("pubsub#type", "The type of node data, usually the namespace of the payload", true,
		func(c *Config) *string { return &c.Type }),
	text("pubsub#language", "The default language of the node", true,
		func(c *Config) *string { return &c.Language }),
	texts("pubsub#contact", jidMany, "The JIDs of those to contact with questions", true,
		func(c *Config) *[]string { return &c.Contact }),
	choice("pubsub#access_model", "Who may subscribe and retrieve items", true,
		func(c *Config) *string { return &c.Access },
		accessAuthorize, accessOpen, accessPresence, accessRoster, accessWhitelist),
	texts("pubsub#roster_groups_allowed", listMany,
		"The roster groups allowed to subscribe and retrieve items", false,
		func(c *Config) *[]string { return &c.Groups }),
	choice("pubsub#publish_model", "The publisher model", true,
		func(c *Config) *string { return &c.Publish }, "publishers", "subscribers", "open"),
	flag("pubsub#persist_items", "Whether to persist items to storage",
		func(c *Config) *bool { return &c.Persist }),
	number("pubsub#max_items", "The maximum number of items to persist, or max", true, 1,
		func(c *Config) *int { return &c.MaxItems }),
	number("pubsub#item_expire", "Number of seconds after which to purge items, or max", false, 0,
		func(c *Config) *int { return &c.Expire }),
	number("pubsub#max_payload_size", "The maximum payload size in bytes", false, 1,
		func(c *Config) *int { return &c.MaxPayload }),
	choice("pubsub#publish_node_full", "What happens when a full node gets another item", false,
		func(c *Config) *string { return &c.Full }, fullRetract, fullDiscard, fullReject),
	flag("pubsub#deliver_notifications", "Whether to deliver event notifications",
		func(c *Config) *bool { return &c.Deliver }),
	flag("pubsub#deliver_payloads", "Whether to deliver payloads with event notifications",
		func(c *Config) *bool { return &c.Payloads }),
	choice("pubsub#notification_type", "The delivery style for notifications", false,
		func(c *Config) *string { return &c.Style }, "normal", "headline"),
	choice("pubsub#send_last_published_item", "When to send the last published item", false,
		func(c *Config) *string { return &c.SendLast }, sendNever, sendOnSub, sendOnPresence),
	flag("pubsub#notify_config", "Whether to notify subscribers when the node configuration changes",
		func(c *Config) *bool { return &c.NotifyConfig }),
	flag("pubsub#notify_delete", "Whether to notify subscribers when the node is deleted",
		func(c *Config) *bool { return &c.NotifyDelete }),
	flag("pubsub#notify_retract", "Whether to notify subscribers when items are removed from the node",
		func(c *Config) *bool { return &c.NotifyRetract }),
	flag("pubsub#notify_sub", "Whether to notify owners about new subscribers and unsubscribes",
		func(c *Config) *bool { return &c.NotifySub }),
	flag("pubsub#subscribe", "Whether to allow subscriptions",
		func(c *Config) *bool { return &c.Subscribe }),
	choice("pubsub#itemreply", "Whom the items name as the one to reply to", false,
		func(c *Config) *string { return &c.ItemReply }, owner, replyPublisher, none),
	fixed("pubsub#node_type", listOne, "Whether the node is a leaf", "leaf"),
	fixed("pubsub#purge_offline", boolean,
		"Whether to purge all items when the publisher goes offline", "0"),
	fixed("pubsub#presence_based_delivery", boolean,
		"Whether to deliver notifications to available users only", "0"),
	fixed("pubsub#tempsub", boolean, "Whether to make all subscriptions temporary", "0"),
}

// fieldNamed is the field of that name, nil if there is none.
func fieldNamed(name string) *field {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

func text(name, label string, meta bool, at func(*Config) *string) field {
	return field{name: name, typ: textOne, label: label, meta: meta,
		get: func(c *Config) []string { return filled(*at(c)) },
		set: func(c *Config, v []string) bool {
			s := one(v)
			*at(c) = s
			return len(s) <= maxText && len(v) <= 1
		}}
}

func texts(name, typ, label string, meta bool, at func(*Config) *[]string) field {
	return field{name: name, typ: typ, label: label, meta: meta,
		get: func(c *Config) []string { return *at(c) },
		set: func(c *Config, v []string) bool {
			*at(c) = slices.Clone(v)
			long := func(s string) bool { return len(s) > maxText }
			return len(v) <= maxValues && !slices.ContainsFunc(v, long)
		}}
}

func choice(name, label string, meta bool, at func(*Config) *string, options ...string) field {
	return field{name: name, typ: listOne, label: label, options: options, meta: meta,
		get: func(c *Config) []string { return []string{*at(c)} },
		set: func(c *Config, v []string) bool {
			*at(c) = one(v)
			return len(v) == 1 && slices.Contains(options, v[0])
		}}
}

func flag(name, label string, at func(*Config) *bool) field {
	return field{name: name, typ: boolean, label: label,
		get: func(c *Config) []string { return form.Bool(*at(c)) },
		set: func(c *Config, v []string) (ok bool) {
			*at(c), ok = truth(one(v))
			return ok && len(v) == 1
		}}
}

// number is an integer from least on, or "max" (XEP-0060 section 16.7, Data
// Forms Validation Datatypes: integer-or-max).
func number(name, label string, meta bool, least int, at func(*Config) *int) field {
	return field{name: name, typ: textOne, label: label, meta: meta,
		get: func(c *Config) []string {
			if *at(c) == 0 {
				return []string{"max"}
			}
			return []string{strconv.Itoa(*at(c))}
		},
		set: func(c *Config, v []string) bool {
			if one(v) == "max" {
				*at(c) = 0
				return len(v) == 1
			}
			n, err := strconv.ParseUint(one(v), 10, 31)
			*at(c) = int(n)
			return err == nil && len(v) == 1 && int(n) >= least
		}}
}

// fixed is a field whose value is what the server does in any case.
func fixed(name, typ, label, value string) field {
	return field{name: name, typ: typ, label: label,
		get: func(*Config) []string { return []string{value} },
		set: func(_ *Config, v []string) bool {
			b, ok := truth(one(v))
			return len(v) == 1 && (v[0] == value || typ == boolean && ok && !b)
		}}
}

// truth reads a boolean (XEP-0004 section 3.3, Field Types).
func truth(s string) (value, ok bool) {
	switch s {
	case "1", "true":
		return true, true
	case "0", "false":
		return false, true
	}
	return false, false
}

func one(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func filled(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
