package main

import (
	"context"
	"fmt"
	"strings"

	"parley/conf"
	"parley/internal/certs"
)

// goLive makes the admin's account for a real domain and says what is left to
// do: DNS records and a certificate.
func (inv *invocation) goLive(ctx context.Context, c *conf.Config, acc stopped, s setup) error {
	if err := inv.makeAdmin(ctx, c, acc, s); err != nil {
		return err
	}
	inv.say("\nDNS records to set at the provider of %s:\n", s.domain)
	for _, r := range records(c) {
		inv.say("  %s\n", r.line())
	}
	for _, host := range machines(c) {
		inv.say("  %s. 3600 IN A <the address of this machine>\n", host)
	}
	inv.sayCertificate(c)
	inv.say("\nTo run it as a service: parley config systemd\n" +
		"To see what is left to do: parley check\n")
	return nil
}

// makeAdmin makes the admin's account with a random password, or the one on
// standard input.
func (inv *invocation) makeAdmin(ctx context.Context, c *conf.Config, acc stopped, s setup) error {
	jid, err := account(c, s.admin)
	if err != nil {
		return err
	}
	password, shown := randomPassword(), true
	if s.stdin {
		if password, err = passwordLine(inv.stdin); err != nil {
			return err
		}
		shown = false
	}
	made, err := makeAccount(ctx, acc, jid.String(), password)
	switch {
	case err != nil:
		return err
	case !made:
		inv.say("The account %s was there; its password is not stored. For a new one:\n"+
			"  parley user passwd %[1]s\n", jid)
	case shown:
		inv.say("\nAccount, with a password that is shown this once:\n  %s  %s\n", jid, password)
	default:
		inv.say("\nMade the account %s.\n", jid)
	}
	return nil
}

// machines are the names that the records point to.
func machines(c *conf.Config) []string {
	var list []string
	seen := map[string]bool{}
	for _, r := range records(c) {
		if !seen[r.target] {
			list = append(list, r.target)
		}
		seen[r.target] = true
	}
	return list
}

// sayCertificate says which certificate each name has.
func (inv *invocation) sayCertificate(c *conf.Config) {
	inv.say("\nCertificate:\n")
	for _, group := range certs.Group(certs.Sources(c)) {
		var hosts []string
		for _, s := range group {
			hosts = append(hosts, s.Host)
		}
		inv.say("  %s (%s) for %s\n", group[0].Cert, group[0].Origin, strings.Join(hosts, ", "))
		for _, p := range certs.Check(group, inv.now(), inv.roots) {
			inv.say("  %s\n", fmt.Sprintf("! %s\n    mend: %s", p.Text, p.Mend))
		}
	}
}
