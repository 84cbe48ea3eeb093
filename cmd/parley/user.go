package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"parley/conf"
)

// userAdd makes an account.
func userAdd(ctx context.Context, inv *invocation) error {
	return setPassword(ctx, inv, "made the account %s\n", accounts.add)
}

// userPasswd sets a new password.
func userPasswd(ctx context.Context, inv *invocation) error {
	return setPassword(ctx, inv, "the password of %s is changed\n", accounts.passwd)
}

// setPassword reads a password and gives its verifier to set.
func setPassword(ctx context.Context, inv *invocation, done string,
	set func(accounts, context.Context, string, string) error) error {
	stdin := inv.flags.Bool("password-stdin", false, "read the password from standard input")
	random := inv.flags.Bool("random", false, "make a random password and print it")
	return withAccount(ctx, inv, func(c *conf.Config, acc accounts, jid string) error {
		password := randomPassword()
		if !*random {
			var err error
			if password, err = inv.readPassword(ctx, jid, *stdin); err != nil {
				return err
			}
		}
		v, err := verifier(c, password)
		if err != nil {
			return err
		}
		if err := set(acc, ctx, jid, v); err != nil {
			return err
		}
		inv.say(done, jid)
		if *random {
			inv.say("password: %s\n", password)
		}
		return nil
	})
}

// userDelete deletes an account.
func userDelete(ctx context.Context, inv *invocation) error {
	return withAccount(ctx, inv, func(c *conf.Config, acc accounts, jid string) error {
		if err := acc.remove(ctx, jid); err != nil {
			return err
		}
		inv.say("deleted %s; the name is not given out again for %d days\n",
			jid, c.Accounts.TombstoneDays)
		return nil
	})
}

// userDisable refuses the logins of an account.
func userDisable(ctx context.Context, inv *invocation) error {
	return disable(ctx, inv, true, "%s cannot log in any more\n")
}

// userEnable allows them again.
func userEnable(ctx context.Context, inv *invocation) error {
	return disable(ctx, inv, false, "%s can log in again\n")
}

// disable disables or enables.
func disable(ctx context.Context, inv *invocation, disabled bool, done string) error {
	return withAccount(ctx, inv, func(_ *conf.Config, acc accounts, jid string) error {
		if err := acc.disable(ctx, jid, disabled); err != nil {
			return err
		}
		inv.say(done, jid)
		return nil
	})
}

// withAccount reads the one argument, an account's address, and opens the
// accounts for fn.
func withAccount(ctx context.Context, inv *invocation,
	fn func(c *conf.Config, acc accounts, jid string) error) error {
	args, err := inv.parse(1, 1)
	if err != nil {
		return err
	}
	c, err := inv.load()
	if err != nil {
		return err
	}
	jid, err := account(c, args[0])
	if err != nil {
		return err
	}
	acc, err := openAccounts(ctx, c)
	if err != nil {
		return err
	}
	err = explain(jid.String(), fn(c, acc, jid.String()))
	return errors.Join(err, acc.close())
}

// userList lists accounts, by domain and name.
func userList(ctx context.Context, inv *invocation) error {
	args, err := inv.parse(0, 1)
	if err != nil {
		return err
	}
	c, err := inv.load()
	if err != nil {
		return err
	}
	domains := c.Domains
	if len(args) == 1 {
		domains = args
	}
	acc, err := openAccounts(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(listUsers(ctx, inv, acc, domains), acc.close())
}

// listUsers prints a line for each account, a page at a time.
func listUsers(ctx context.Context, inv *invocation, acc accounts, domains []string) error {
	const page = 500
	table := tabwriter.NewWriter(inv.stdout, 0, 0, 2, ' ', 0)
	for _, domain := range domains {
		for after := ""; ; {
			users, err := acc.list(ctx, domain, after, page)
			if err != nil {
				return err
			}
			for _, u := range users {
				state := map[bool]string{true: "disabled"}[u.Disabled]
				fmt.Fprintf(table, "%s\t%s\t%s\n", u.JID, u.Created.Format(time.DateOnly), state)
				after = u.JID
			}
			if len(users) < page {
				break
			}
		}
	}
	return table.Flush()
}
