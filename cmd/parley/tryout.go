package main

import (
	"context"
	"net"

	"parley/conf"
	"parley/internal/certs"
)

// tryOut makes two accounts on localhost and says how to log in.
func (inv *invocation) tryOut(ctx context.Context, c *conf.Config, acc stopped) error {
	passwords := map[string]string{}
	for _, jid := range []string{"alice@localhost", "bob@localhost"} {
		password := randomPassword()
		made, err := makeAccount(ctx, acc, jid, password)
		if err != nil {
			return err
		}
		if made {
			passwords[jid] = password
			continue
		}
		inv.say("The account %s was there; its password is not stored. For a new one:\n"+
			"  parley user passwd %[1]s\n", jid)
	}
	if len(passwords) > 0 {
		inv.say("\nAccounts, with passwords that are shown this once:\n")
	}
	for _, jid := range []string{"alice@localhost", "bob@localhost"} {
		if p := passwords[jid]; p != "" {
			inv.say("  %-16s %s\n", jid, p)
		}
	}
	inv.sayLogin(c, passwords)
	return nil
}

// sayLogin says how clients get in.
func (inv *invocation) sayLogin(c *conf.Config, passwords map[string]string) {
	cert, _ := certs.SelfMadeFiles(c.Data, "localhost")
	host, port := "localhost", "5222"
	if len(c.C2S.Listen) > 0 {
		if h, p, err := net.SplitHostPort(c.C2S.Listen[0]); err == nil {
			port = p
			if ip := net.ParseIP(h); ip != nil && !ip.IsLoopback() && !ip.IsUnspecified() {
				host = h
			}
		}
	}
	alice, bob := passwords["alice@localhost"], passwords["bob@localhost"]
	inv.say(`
To log in with any client on this machine: address alice@localhost, server %[1]s,
port %[2]s. The certificate is self-made: accept it when the client asks, or let it
trust the file %[3]s.

With profanity:
  profanity
  /connect alice@localhost server %[1]s port %[2]s tls trust

With go-sendxmpp, a message from alice to bob, and bob's side to see it:
  export SSL_CERT_FILE=%[3]s
  go-sendxmpp -u bob@localhost -p %[5]s -j %[1]s:%[2]s -l alice@localhost
  echo hello | go-sendxmpp -u alice@localhost -p %[4]s -j %[1]s:%[2]s bob@localhost
`, host, port, cert, orUnknown(alice), orUnknown(bob))
}

// orUnknown stands for a password that is not known.
func orUnknown(password string) string {
	if password == "" {
		return "PASSWORD"
	}
	return password
}
