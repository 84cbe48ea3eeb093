package main

import (
	"testing"

	"parley/conf"
	"parley/stanza"
)

// TestSameNames holds that the configuration, which imports nothing of ours,
// prepares names as the streams do: otherwise a domain would be served under
// another name than clients ask for.
func TestSameNames(t *testing.T) {
	for _, name := range []string{
		"example.org", "EXAMPLE.Org", "example.org.", "localhost", "München.example",
		"xn--mnchen-3ya.example", "faß.example", "Ω.example", "例え.テスト", "ａ.example", "127.0.0.1",
	} {
		domain, err := conf.Domain(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if j, err := stanza.ParseJID(name); err != nil || j.String() != domain {
			t.Errorf("%s: conf says %s, stanza %s, %v", name, domain, j, err)
		}
	}
	for _, name := range []string{
		"alice@example.org", "Alice@Example.ORG", "ÜBER@example.org", "ａ@example.org", "Σ@example.org",
	} {
		c, err := conf.Parse("parley.toml", "domains = [\"example.org\"]\nadmins = [\""+name+"\"]")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if j, err := stanza.ParseJID(name); err != nil || j.String() != c.Admins[0] {
			t.Errorf("%s: conf says %s, stanza %s, %v", name, c.Admins[0], j, err)
		}
	}
}
