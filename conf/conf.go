// Package conf is the configuration file: every key with its default, bounds
// and manual text in one place, errors with line numbers, and the reference
// made from the same source.
//
// A key is one field of the structs in the files that describe.go embeds. Its
// comment is the manual, its tags say the rest:
//
//	toml     the key's name
//	default  the value where the key is absent (lists: separated by commas)
//	min, max bounds of a number, size or duration
//	unit     "bytes" for sizes, which may then be written "256 KiB"
//	is       what a text must be: domain, label, jid, addr, host, path, uri
//	enum     the allowed texts, separated by commas
//	need     "yes" where the key must be there, "value" where it may not be ""
//	keys     what the names in a map may be: domain, or contacts (XEP-0157)
//	example  a value for the example file where there is no default
//	secret   "yes" where the value must not be shown
//	reload   "restart" where SIGHUP cannot apply a change, else it is live
//
// Tables that may be there several times (component, host) are slices and maps
// of structs. The package imports nothing of ours.
package conf

// Config is what parley.toml says. Keys that are absent have their defaults;
// only domains must be there.
type Config struct {
	// The XMPP domains served: what stands behind the @ of the accounts'
	// addresses. This is the only key that must be there.
	Domains []string `toml:"domains" is:"domain" need:"yes" reload:"restart"`

	// The data folder: database, self-made certificates, control socket. A
	// relative path starts at the folder of this file. Nobody but the server
	// may read it (mode 0700).
	Data string `toml:"data" default:"data" is:"path" need:"value" reload:"restart"`

	// Addresses of the accounts that may administer the server by ad-hoc
	// commands (XEP-0133).
	Admins []string `toml:"admins" is:"jid"`

	// The public name of this machine, to which the SRV records of the
	// domains point. If it is empty, each domain's own name is taken.
	Hostname string `toml:"hostname" is:"host"`

	// Names put in front of each domain for the services that have an address
	// of their own. Certificates and DNS records are needed for them too.
	Services []string `toml:"services" default:"conference,pubsub,upload" is:"label" reload:"restart"`

	TLS      TLS      `toml:"tls"`
	C2S      C2S      `toml:"c2s"`
	S2S      S2S      `toml:"s2s"`
	Login    Login    `toml:"login"`
	Limits   Limits   `toml:"limits"`
	Accounts Accounts `toml:"accounts"`
	Messages Messages `toml:"messages"`
	PubSub   PubSub   `toml:"pubsub"`
	Roster   Roster   `toml:"roster"`
	Register Register `toml:"register"`
	Rooms    Rooms    `toml:"rooms"`
	Upload   Upload   `toml:"upload"`
	NewRooms NewRooms `toml:"new_rooms"`

	// Whom to write to about this server (XEP-0157), as lists of URIs such as
	// "mailto:abuse@example.org" or "xmpp:admin@example.org". The keys are
	// abuse, admin, feedback, sales, security, status and support.
	Contact map[string][]string `toml:"contact" is:"uri" keys:"contacts"`

	Component []Component `toml:"component" reload:"restart"`
	Log       Log         `toml:"log"`
	HTTP      HTTP        `toml:"http"`
	DNS       DNS         `toml:"dns"`

	Host map[string]HostTLS `toml:"host" keys:"domain"`
	Peer map[string]Peer    `toml:"peer" keys:"domain" example:"example.net"`

	// Path is the file that was loaded, absolute; "" for none. It is no key.
	Path string `toml:"-"`
}

// The certificate used where a domain or service host has none of its own.
// Without it the folder of certbot is looked at, and then the server makes a
// certificate itself, which other servers and careful clients refuse.
type TLS struct {
	// PEM file with the certificate and the chain up to, but without, the
	// root. It is read again when it changes and on SIGHUP.
	Cert string `toml:"cert" is:"path"`

	// PEM file with the private key. Nobody but the server may read it.
	Key string `toml:"key" is:"path"`

	// Folder in which certbot keeps a folder for each domain, with
	// fullchain.pem and privkey.pem. Empty: do not look there.
	Certbot string `toml:"certbot" default:"/etc/letsencrypt/live" is:"path"`
}

// The certificate of one domain or service host, for example
// [host."example.org"].
type HostTLS struct {
	// PEM file with the certificate and its chain.
	Cert string `toml:"cert" is:"path" need:"yes" example:"/etc/ssl/example.org.crt"`

	// PEM file with the private key.
	Key string `toml:"key" is:"path" need:"yes" example:"/etc/ssl/example.org.key"`
}

// What happens to the names of accounts.
type Accounts struct {
	// How many days the name of a deleted account is not given out again.
	TombstoneDays int `toml:"tombstone_days" default:"365" min:"0" max:"36500"`
}

// The contact lists of the accounts.
type Roster struct {
	// Contacts per account.
	Items int `toml:"items" default:"5000" min:"1" max:"100000"`

	// Groups per contact.
	Groups int `toml:"groups" default:"50" min:"1" max:"1000"`
}

// In-band registration (XEP-0077). Changing one's password and deleting one's
// account work without it.
type Register struct {
	// Whether strangers may make accounts. An open server is found by
	// spammers within days.
	Enabled bool `toml:"enabled" default:"false"`

	// Accounts made per address of the network and hour.
	PerHour int `toml:"per_hour" default:"3" min:"1" max:"10000"`
}

// An external component (XEP-0114), such as a gateway to another network.
// There may be several: each [[component]] is one.
type Component struct {
	// The component's own domain.
	Domain string `toml:"domain" is:"domain" need:"yes" example:"sms.example.org"`

	// The secret by which the component proves who it is.
	Secret string `toml:"secret" need:"yes" secret:"yes" example:"a long random text"`

	// Where the component connects to. Components may share a listener.
	Listen string `toml:"listen" default:"127.0.0.1:5347" is:"addr" need:"value"`
}

// What the server writes to its standard error.
type Log struct {
	// How much: debug says why each stanza was not delivered or stored.
	Level string `toml:"level" default:"info" enum:"debug,info,warn,error"`

	// Lines of key=value, or of JSON.
	Format string `toml:"format" default:"text" enum:"text,json" reload:"restart"`
}

// The listeners for HTTP: uploaded files under /upload, and metrics in
// Prometheus' text format under /metrics.
type HTTP struct {
	// Without TLS, for a reverse proxy and for metrics, which have no password:
	// leave it on loopback. Empty: no listener.
	Listen string `toml:"listen" default:"127.0.0.1:5280" is:"addr" reload:"restart"`

	// With TLS and the certificates of the domains, without metrics.
	ListenTLS []string `toml:"listen_tls" default:":5443" is:"addr" reload:"restart"`

	// The address under which clients reach the listeners, where a reverse proxy
	// is in front of them: "https://files.example.org". Empty:
	// "https://upload.DOMAIN" with the port of listen_tls.
	URL string `toml:"url" is:"uri" reload:"restart"`
}

// How names are looked up.
type DNS struct {
	// Address of the resolver, such as "127.0.0.1:53". Empty: the system's.
	Resolver string `toml:"resolver" is:"addr" reload:"restart"`
}
