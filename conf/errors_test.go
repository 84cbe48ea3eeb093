package conf

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// head is the first line of the files below: what is wrong is in line 2.
const head = "domains = [\"example.org\", \"example.net\"]\n"

// errorTests have a file behind head, and what is said about it.
var errorTests = []struct{ text, want string }{
	// unknown keys
	{`limts.stanza = 1`, `2: unknown key "limts.stanza"; did you mean limits.stanza?`},
	{"[limts]\nstanza = 1", `2: unknown key "limts"; did you mean limits?`},
	{`limts = {stanza = 1}`, `2: unknown key "limts.stanza"; did you mean limits.stanza?`},
	{"[limits]\nstanzas = 1", `3: unknown key "limits.stanzas"; did you mean limits.stanza?`},
	{`stanza = 20000`, `2: unknown key "stanza"`},
	{`domain = ["a.example"]`, `2: unknown key "domain"; did you mean domains?`},
	{`contact.abus = ["mailto:a@b.c"]`, `2: unknown key "contact.abus"; did you mean contact.abuse?`},
	{"[[component]]\ndomain = \"c.example.org\"\nsecret = \"s\"\nport = 1",
		`5: unknown key "component.port"`},

	// values of the wrong kind
	{`data = 1`, `2: data must be a text in quotes`},
	{`data = ""`, `2: data must not be empty`},
	{`admins = "alice@example.org"`, `2: admins must be a list: ["alice@example.org"]`},
	{`admins = [1]`, `2: admins must be a list of texts, such as ["one", "two"]`},
	{`admins = 1`, `2: admins must be a list of texts, such as ["one", "two"]`},
	{`c2s.require_tls = "yes"`, `2: c2s.require_tls must be true or false, without quotes`},
	{`limits.sessions = "5"`, `2: limits.sessions must be a whole number, without quotes`},
	{`limits.sessions = 1.5`, `2: limits.sessions must be a whole number, without quotes`},
	{`limits.stanza = true`,
		`2: limits.stanza must be a number of bytes or a size such as "256 KiB"`},
	{`limits.stanza = "big"`, `2: limits.stanza must be a size such as 10000, "256 kB" or "1 MiB"`},
	{`limits.stanza = "-1 MiB"`, `2: limits.stanza must be a size such as 10000, "256 kB" or "1 MiB"`},
	{`c2s.ping_after = 300`, `2: c2s.ping_after must have a unit, such as "300s" or "300m"`},
	{`c2s.ping_after = true`, `2: c2s.ping_after must be a duration such as "30s" or "5m"`},
	{`c2s.ping_after = "5 min"`, `2: c2s.ping_after must be a duration such as "30s", "5m" or "2h"`},
	{`limits = 1`, `2: limits must be a table: [limits]`},
	{`component = "x"`, `2: component must be a list of tables: [[component]]`},
	{`contact = "x"`, `2: contact must be a table: [contact]`},
	{`host."example.org" = "x"`, `2: host."example.org" must be a table: [host."example.org"]`},

	// bounds
	{`limits.stanza = 9999`, `2: limits.stanza must be from 10000 to 64 MiB`},
	{`limits.stanza = "65 MiB"`, `2: limits.stanza must be from 10000 to 64 MiB`},
	{`limits.before_login = 9999`, `2: limits.before_login must be from 10000 to 1 MiB`},
	{`limits.sessions = 0`, `2: limits.sessions must be from 1 to 10000`},
	{`login.iterations = 4095`, `2: login.iterations must be from 4096 to 1000000`},
	{`c2s.ping_after = "9s"`, `2: c2s.ping_after must be from 10s to 24h`},
	{`c2s.ping_after = "2d"`, `2: c2s.ping_after must be from 10s to 24h`},
	{`accounts.tombstone_days = -1`, `2: accounts.tombstone_days must be from 0 to 36500`},

	// other servers
	{`s2s.policy = "tls"`, `2: s2s.policy "tls" must be one of certificate, dialback`},
	{`s2s.allow = ["a b"]`, `2: s2s.allow "a b" is not a domain name such as "example.org"`},
	{`s2s.stanza = "9 kB"`, `2: s2s.stanza must be from 10000 to 64 MiB`},
	{`s2s.connect_timeout = "1h"`, `2: s2s.connect_timeout must be from 1s to 10m`},
	{`peer."example.com".tls = "yes"`,
		`2: peer."example.com".tls "yes" must be one of required, optional`},
	{`peer."example.net".tls = "required"`,
		`2: peer."example.net" is one of the domains of this server`},

	// texts
	{`c2s.conflict = "newest"`,
		`2: c2s.conflict "newest" must be one of newer, older; did you mean newer?`},
	{`c2s.conflict = ""`, `2: c2s.conflict "" must be one of newer, older`},
	{`login.mechanisms = ["PLAIN", "PLAIN"]`, `2: login.mechanisms has "PLAIN" twice`},
	{`services = ["a.b"]`,
		`2: services "a.b" must be one part of a domain name, such as "conference"`},
	{`services = [""]`, `2: services "" must be one part of a domain name, such as "conference"`},
	{`hostname = "a b"`, `2: hostname "a b" is not a domain name such as "example.org"`},
	{`admins = ["alice"]`,
		`2: admins "alice" is not the address of an account such as "alice@example.org"`},
	{`admins = ["a@b@example.org"]`,
		`2: admins "a@b@example.org" is not the address of an account such as "alice@example.org"`},
	{`admins = ["@example.org"]`,
		`2: admins "@example.org" is not the address of an account such as "alice@example.org"`},
	{`admins = ["a@example.org/phone"]`,
		`2: admins "a@example.org/phone" is not the address of an account such as "alice@example.org"`},
	{`c2s.listen = ["5222"]`, `2: c2s.listen "5222" must be an address and a port such as ` +
		`"127.0.0.1:5222", "[::1]:5222" or ":5222"`},
	{`c2s.listen = [":xmpp"]`, `2: c2s.listen ":xmpp" must be an address and a port such as ` +
		`"127.0.0.1:5222", "[::1]:5222" or ":5222"`},
	{`contact.abuse = ["abuse"]`,
		`2: contact.abuse "abuse" must be a URI such as "mailto:abuse@example.org"`},

	// rules over several keys
	{`admins = ["alice@exampel.org"]`,
		`2: admins: alice@exampel.org is in none of the domains; did you mean example.org?`},
	{`login.anonymous = ["exampel.net"]`,
		`2: login.anonymous: exampel.net is none of the domains; did you mean example.net?`},
	{`login.external = true`, `2: login.external needs login.external_ca, ` +
		`the file of the authorities that sign clients' certificates`},
	{`login.external_map = {"CN=A" = "a@x.example"}`,
		`2: login.external_map: a@x.example is in none of the domains`},
	{`login.mechanisms = []`, `2: login.mechanisms is empty: nobody could log in`},
	{`tls.cert = "a"`, `2: tls.cert needs tls.key`},
	{`tls.key = "a"`, `2: tls.key needs tls.cert`},
	{`host."exampl.org" = {cert = "a", key = "b"}`, `2: host."exampl.org" is neither a domain ` +
		`nor a service host; did you mean example.org?`},
	{`host."a b" = {cert = "a", key = "b"}`,
		`2: host."a b": "a b" is not a domain name such as "example.org"`},
	{`host."example.org" = {cert = "a"}`, `2: host."example.org" must have the key key`},
	{"[[component]]\ndomain = \"example.org\"\nsecret = \"s\"",
		`3: component.domain example.org is one of the domains; give the component its own`},
	{"[[component]]\ndomain = \"c.a\"\nsecret = \"s\"\n" +
		"[[component]]\nsecret = \"t\"\ndomain = \"c.a\"",
		`7: component.domain c.a is there twice`},
	{"[[component]]\ndomain = \"c.a\"\nsecret = \"s\"\n\n" +
		"[[component]]\nsecret = \"\"\ndomain = \"d.a\"",
		`7: component.secret must not be empty`},
	{"[[component]]\ndomain = \"c.a\"", `2: component must have the key secret`},
	{"[c2s]\nlisten = []\nlisten_tls = []",
		`3: c2s.listen and c2s.listen_tls are both empty: nobody could connect`},

	// TOML itself
	{`data = "a`, `2: unexpected EOF; expected '"'`},
	{"data = \"a\"\ndata = \"b\"", `3: Key 'data' has already been defined.`},
}

func TestErrors(t *testing.T) {
	for _, test := range errorTests {
		_, err := Parse("/etc/parley.toml", head+test.text)
		if want := "parley.toml:" + test.want; err == nil || err.Error() != want {
			t.Errorf("%s\n got: %v\nwant: %s", test.text, err, want)
		}
	}
}

func TestNoDomains(t *testing.T) {
	for text, want := range map[string]string{
		``: `parley.toml: the key domains must be there, for example: domains = ["example.org"]`,
		"admins = [\"a@b.c\"]\n[tls]": `parley.toml: the key domains must be there, ` +
			`for example: domains = ["example.org"]`,
		`domains = []`:         `parley.toml:1: domains must name a domain, for example ["example.org"]`,
		`domains = ["a_b"]`:    `parley.toml:1: domains "a_b" is not a domain name such as "example.org"`,
		`domains = ["a", "A"]`: `parley.toml:1: domains has "a" twice`,
	} {
		if _, err := Parse("parley.toml", text); err == nil || err.Error() != want {
			t.Errorf("%q\n got: %v\nwant: %s", text, err, want)
		}
	}
}

// TestAllErrorsByLine holds that all errors are told at once, sorted by line.
func TestAllErrorsByLine(t *testing.T) {
	_, err := Parse("parley.toml", head+`
# a comment with = and [brackets]
data = """
x = 1
[y]
"""
admins = [
  "alice@example.org", # one
  "bob",
]
[limits] # a table
stanza = 1
queue = 1
'line' = 1
[c2s]
"listen" = [ "a", ]
conflict = '''x'''
`)
	var errs Errors
	if !errors.As(err, &errs) {
		t.Fatalf("got %v, want Errors", err)
	}
	var got []string
	for _, e := range errs {
		got = append(got, fmt.Sprint(e.Line, " ", e.Key))
	}
	want := "8 admins, 13 limits.stanza, 14 limits.queue, 15 limits.line, " +
		"17 c2s.listen, 18 c2s.conflict"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

// FuzzParse holds that no text makes the reader panic or run for ever, and
// that every error has a line inside of the file.
func FuzzParse(f *testing.F) {
	for _, test := range errorTests {
		f.Add(head + test.text)
	}
	if text, err := Example("example.org"); err == nil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		indexLines(text)
		_, err := Parse("parley.toml", text)
		var errs Errors
		if errors.As(err, &errs) {
			for _, e := range errs {
				if e.Line < 0 || e.Line > strings.Count(text, "\n")+1 {
					t.Errorf("line %d of %q", e.Line, text)
				}
			}
		}
	})
}
