package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"

	"parley/conf"
	"parley/server"
	"parley/stanza"
)

// remove deletes an account with all that modules keep for it. The modules are
// the server's, so it is opened without ports and run for as long.
func (s stopped) remove(ctx context.Context, jid string) error {
	address, err := stanza.ParseJID(jid)
	if err != nil {
		return err
	}
	if err := s.db.Close(); err != nil {
		return err
	}
	return withModules(ctx, s.conf, func(srv *server.Server) error {
		account, err := srv.Router().Account(ctx, address)
		if err != nil {
			return err
		}
		return srv.Router().DeleteAccount(ctx, account)
	})
}

// withModules runs a server that nobody can connect to while fn works.
func withModules(ctx context.Context, c *conf.Config, fn func(*server.Server) error) error {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	srv, err := server.New(ctx, c, server.Options{Log: quiet, Unbound: true})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	err = fn(srv)
	stop()
	return errors.Join(err, <-done)
}

// pipeline prints the modules of each domain in their order, from a server in
// an empty folder.
func pipeline(ctx context.Context, inv *invocation) (err error) {
	if _, err := inv.parse(0, 0); err != nil {
		return err
	}
	c := conf.Default()
	c.Domains = []string{"example.org"}
	if _, missing := os.Stat(inv.configFile()); missing == nil || inv.configFlag != "" {
		if c, err = inv.load(); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "parley-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	empty := *c
	empty.Data = dir
	return withModules(ctx, &empty, func(srv *server.Server) error {
		srv.Router().Pipeline(inv.stdout)
		return nil
	})
}
