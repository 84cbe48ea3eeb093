package main

import (
	"context"
	"fmt"

	"parley/conf"
)

// configDescribe prints the reference of all keys.
func configDescribe(_ context.Context, inv *invocation) error {
	if _, err := inv.parse(0, 0); err != nil {
		return err
	}
	return conf.Describe(inv.stdout)
}

// configExample prints a file with every key.
func configExample(_ context.Context, inv *invocation) error {
	domains, err := inv.parse(0, 100)
	if err != nil {
		return err
	}
	if len(domains) == 0 {
		domains = []string{"example.org"}
	}
	for _, d := range domains {
		if _, err := conf.Domain(d); err != nil {
			return err
		}
	}
	text, err := conf.Example(domains...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(inv.stdout, text)
	return err
}
