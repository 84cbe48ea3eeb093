package conf

import "testing"

func TestPeering(t *testing.T) {
	c := parse(t, `domains = ["example.org"]
		[peer."Lab.Example."]
		policy = "certificate"
		tls = "optional"
		[peer."rooms.lab.example"]
		tls = "required"`)
	for domain, want := range map[string]Peering{
		"example.net":         {false, true},
		"lab.example":         {true, false},
		"a.lab.example":       {true, false},
		"collab.example":      {false, true},
		"rooms.lab.example":   {false, true},
		"x.rooms.lab.example": {false, true},
		"example":             {false, true},
	} {
		if got := c.Peering(domain); got != want {
			t.Errorf("%s: %+v, want %+v", domain, got, want)
		}
	}
}

func TestPeeringByDefault(t *testing.T) {
	c := parse(t, `domains = ["example.org"]
		s2s = {policy = "certificate", require_tls = false}
		peer."example.net".policy = "dialback"`)
	for domain, want := range map[string]Peering{
		"example.com": {true, false},
		"example.net": {false, false},
	} {
		if got := c.Peering(domain); got != want {
			t.Errorf("%s: %+v, want %+v", domain, got, want)
		}
	}
}

func TestFederates(t *testing.T) {
	for _, k := range []struct {
		text, domain string
		want         bool
	}{
		{``, "example.net", true},
		{`s2s.enabled = false`, "example.net", false},
		{`s2s.deny = ["example.net"]`, "example.net", false},
		{`s2s.deny = ["example.net"]`, "rooms.example.net", false},
		{`s2s.deny = ["example.net"]`, "notexample.net", true},
		{`s2s.allow = ["Example.NET"]`, "rooms.example.net", true},
		{`s2s.allow = ["example.net"]`, "example.com", false},
		{`s2s = {allow = ["example.net"], deny = ["rooms.example.net"]}`, "rooms.example.net", false},
		{`s2s = {allow = ["example.net"], deny = ["rooms.example.net"]}`, "example.net", true},
	} {
		c := parse(t, "domains = [\"example.org\"]\n"+k.text)
		if got := c.Federates(k.domain); got != k.want {
			t.Errorf("%s: %s: %t", k.text, k.domain, got)
		}
	}
}
