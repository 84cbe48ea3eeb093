package conf

import "time"

// The listeners for clients.
type C2S struct {
	// Where clients connect and then switch to TLS by STARTTLS.
	Listen []string `toml:"listen" default:":5222" is:"addr" reload:"restart"`

	// Where clients connect by TLS from the start (XEP-0368).
	ListenTLS []string `toml:"listen_tls" default:":5223" is:"addr" reload:"restart"`

	// Refuse clients that do not switch to TLS. Where this is false, what they
	// say travels readable. Passwords do not, except from this machine itself:
	// without TLS they are checked by SCRAM only, and not set.
	RequireTLS bool `toml:"require_tls" default:"true"`

	// When a client asks for a resource that another of the same account
	// holds: "newer" closes the older connection, "older" refuses the newer.
	Conflict string `toml:"conflict" default:"newer" enum:"newer,older"`

	// After this time of silence a client is asked for a sign of life.
	PingAfter time.Duration `toml:"ping_after" default:"5m" min:"10s" max:"24h"`

	// A client that does not answer within this time is disconnected.
	PingTimeout time.Duration `toml:"ping_timeout" default:"30s" min:"1s" max:"1h"`

	// How long the session of a client that has lost its connection waits for
	// it to come back (XEP-0198). Meanwhile its contacts see it as before, and
	// what is sent to it waits; later it is logged out. 0: no longer than the
	// connection. Clients may ask for less.
	ResumeFor time.Duration `toml:"resume_for" default:"10m" min:"0s" max:"24h"`

	// Where such a client is to connect to come back: a host name or address
	// of this machine with a port, such as "xmpp1.example.org:5222", where
	// several machines share a name. Empty: the way it came.
	ResumeAt string `toml:"resume_at" is:"addr"`

	// A client that acknowledges what it gets and is asked to, but says nothing
	// at all within this time, has lost its connection.
	AckTimeout time.Duration `toml:"ack_timeout" default:"20s" min:"2s" max:"1h"`

	// A client that has not logged in within this time is disconnected.
	LoginTimeout time.Duration `toml:"login_timeout" default:"30s" min:"1s" max:"10m"`

	// Connections at the same time from one address of the network.
	PerAddress int `toml:"per_address" default:"100" min:"1" max:"1000000"`
}

// How users prove who they are.
type Login struct {
	// What clients are offered, best first. The forms with -PLUS are bound to
	// the TLS connection. PLAIN sends the password itself and is offered
	// under TLS only.
	Mechanisms []string `toml:"mechanisms" default:"all" enum:"mechanisms"`

	// Those of the domains that let anybody in without an account (SASL
	// ANONYMOUS).
	Anonymous []string `toml:"anonymous" is:"domain"`

	// Ask clients for a certificate and accept it as login (XEP-0178).
	External bool `toml:"external" default:"false" reload:"restart"`

	// PEM file of the authorities that sign clients' certificates.
	ExternalCA string `toml:"external_ca" is:"path" reload:"restart"`

	// Whose account a certificate is for that does not name an address: the
	// subject, such as "CN=Alice", or "sha256:" and the fingerprint, to a JID.
	ExternalMap map[string]string `toml:"external_map" is:"jid"`

	// Rounds of hashing for new passwords (PBKDF2); more is slower for those
	// who guess, and for the server at each login by PLAIN.
	Iterations int `toml:"iterations" default:"10000" min:"4096" max:"1000000"`

	// Days for which a client that has logged in may do so again with a token
	// in place of the password (XEP-0484); it gets a new one long before. A new
	// password ends them all. 0: no tokens.
	TokenDays int `toml:"token_days" default:"21" min:"0" max:"365"`
}

// What one client may use of the server. Sizes are bytes, or texts such as
// "256 KiB" and "1 MB".
type Limits struct {
	// The biggest stanza a client may send; RFC 6120 section 13.12 asks for
	// at least 10000 bytes.
	Stanza int `toml:"stanza" default:"256 KiB" min:"10000" max:"64 MiB" unit:"bytes"`

	// The same before login.
	BeforeLogin int `toml:"before_login" default:"10000" min:"10000" max:"1 MiB" unit:"bytes"`

	// Bytes per second a client may send on average; a faster one is read
	// more slowly, not cut off.
	Rate int `toml:"rate" default:"1 MiB" min:"1 KiB" max:"1 GiB" unit:"bytes"`

	// Bytes a client may send at once above the rate.
	Burst int `toml:"burst" default:"4 MiB" min:"10000" max:"1 GiB" unit:"bytes"`

	// Bytes that may wait for one client, or for it to acknowledge them; a
	// client that does not read, or acknowledge, is logged out when there are
	// more.
	Queue int `toml:"queue" default:"4 MiB" min:"64 KiB" max:"1 GiB" unit:"bytes"`

	// Bytes of one client's stanzas that may wait for the disk; above it the
	// client is not read on.
	Line int `toml:"line" default:"1 MiB" min:"64 KiB" max:"1 GiB" unit:"bytes"`

	// Clients of one account at the same time.
	Sessions int `toml:"sessions" default:"20" min:"1" max:"10000"`
}

// What is kept for whom, and who may write.
type Messages struct {
	// Keep an archive of each account's messages, so that all of its clients
	// have the whole history (XEP-0313). Users may turn it off for themselves.
	Archive bool `toml:"archive" default:"true" reload:"restart"`

	// Days that messages stay in the archives of accounts and rooms; 0 is for
	// ever.
	ArchiveDays int `toml:"archive_days" default:"365" min:"0" max:"36500"`

	// Let users search their archives for words (XEP-0431). What is encrypted
	// cannot be found.
	Search bool `toml:"search" default:"true" reload:"restart"`

	// Messages kept for an account that is not there to take them.
	Offline int `toml:"offline" default:"1000" min:"0" max:"1000000"`

	// Whether messages of strangers reach the accounts. A stranger is who has
	// no subscription either way and was not written to in the last 30 days. To
	// have tried counts: two who both keep strangers away begin to talk when
	// both have written, and the first of them writes again.
	Strangers string `toml:"strangers" default:"allow" enum:"allow,block"`

	// Subscription requests of strangers per remote domain and hour.
	StrangerSubscriptions int `toml:"stranger_subscriptions" default:"60" min:"0" max:"1000000"`

	// Offer privacy lists (XEP-0016), which the blocking command replaced.
	PrivacyLists bool `toml:"privacy_lists" default:"false" reload:"restart"`

	// Bytes of private data (XEP-0049, XEP-0054) per account.
	PrivateQuota int `toml:"private_quota" default:"1 MiB" min:"10000" max:"1 GiB" unit:"bytes"`
}

// What is published: on every account (XEP-0163: avatars, keys for encryption,
// bookmarks), and at the pubsub service of each domain (XEP-0060), where what a
// user's nodes hold counts apart.
type PubSub struct {
	// Nodes of one user.
	Nodes int `toml:"nodes" default:"1000" min:"1" max:"1000000"`

	// Items in all nodes of one user.
	Items int `toml:"items" default:"20000" min:"1" max:"10000000"`

	// Bytes in all nodes of one user.
	Bytes int `toml:"bytes" default:"20 MiB" min:"10000" max:"1024 GiB" unit:"bytes"`

	// The biggest item. What is published is a stanza as well (limits.stanza).
	Item int `toml:"item" default:"256 KiB" min:"10000" max:"64 MiB" unit:"bytes"`

	// Subscriptions of one user at the service of a domain, and at an account.
	Subscriptions int `toml:"subscriptions" default:"1000" min:"1" max:"1000000"`
}
