package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"parley/conf"
	"parley/internal/certs"
	"parley/internal/control"
	"parley/store"
)

// setup is what quickstart is asked for.
type setup struct {
	domain    string // "localhost" to try
	admin     string // bare JID, "" for none
	cert, key string
	setupOnly bool
	stdin     bool // the admin's password comes on standard input
}

// quickstart sets up a server where it is run, and serves. What is there
// already is kept.
func quickstart(ctx context.Context, inv *invocation) error {
	var s setup
	inv.flags.StringVar(&s.cert, "cert", "", "certificate `file` of the domain")
	inv.flags.StringVar(&s.key, "key", "", "its private key `file`")
	inv.flags.BoolVar(&s.setupOnly, "setup-only", false, "do not serve")
	inv.flags.BoolVar(&s.stdin, "password-stdin", false,
		"read the admin's password from standard input instead of making one")
	args, err := inv.parse(0, 2)
	if err != nil {
		return err
	}
	if inv.configFlag == "" {
		inv.configFlag = localConfig
	}
	if err := s.name(args); err != nil {
		return err
	}
	if inv.goRun {
		inv.say("(Where it says parley below, write: go run ./cmd/parley, or: go install ./cmd/parley)\n")
	}
	c, err := inv.quickConfig(s)
	if err != nil {
		return err
	}
	err = control.Call(ctx, c.Data, control.CmdStatus, control.None{}, nil)
	if !errors.Is(err, control.ErrNotRunning) {
		return errors.Join(err,
			fmt.Errorf("a server is running on %s already; see: parley status", c.Data))
	}
	if err := inv.prepare(ctx, c, s); err != nil {
		return err
	}
	if s.setupOnly {
		inv.say("\nStart it with: parley serve\n")
		return nil
	}
	return inv.serve(ctx, c, func() { inv.say("\nServing. Ctrl-C ends it.\n") })
}

// name takes domain and admin from the arguments.
func (s *setup) name(args []string) error {
	s.domain = "localhost"
	var err error
	if len(args) > 0 {
		if s.domain, err = conf.Domain(args[0]); err != nil {
			return err
		}
		s.admin = "admin@" + s.domain
	}
	if len(args) > 1 {
		s.admin = args[1]
	}
	return nil
}

// quickConfig loads the configuration, writing it first if there is none.
func (inv *invocation) quickConfig(s setup) (*conf.Config, error) {
	file := inv.configFile()
	_, err := os.Stat(file)
	if errors.Is(err, os.ErrNotExist) {
		return inv.writeConfig(file, s)
	}
	if err != nil {
		return nil, err
	}
	c, err := conf.Load(file)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(c.Domains, s.domain) {
		return nil, fmt.Errorf("%s is there and serves %s, not %s; to add it: domains = %s", c.Path,
			strings.Join(c.Domains, ", "), s.domain, list(append(c.Domains, s.domain)))
	}
	if s.cert != "" && c.TLS.Cert != absolute(s.cert) {
		return nil, fmt.Errorf("%s is there and is not changed; set in it: [tls] cert = %q, key = %q",
			c.Path, absolute(s.cert), absolute(s.key))
	}
	inv.say("Kept %s, which was there.\n", c.Path)
	return c, nil
}

// writeConfig writes the file, after it was read as a whole without an error.
func (inv *invocation) writeConfig(file string, s setup) (*conf.Config, error) {
	text := s.config(loopback())
	if _, err := conf.Parse(file, text); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	c, err := conf.Load(file)
	if err != nil {
		return nil, err
	}
	inv.say("Wrote %s.\n", c.Path)
	return c, nil
}

// config is a minimal file. A server for trying listens on this machine only.
func (s setup) config(loopback []string) string {
	var b strings.Builder
	b.WriteString("# Configuration of Parley. This is all it needs: every other key has a default;\n" +
		"# `parley config example` prints them all, `parley check` says what is wrong.\n\n" +
		"# What stands behind the @ of the accounts' addresses.\n")
	fmt.Fprintf(&b, "domains = [%q]\n", s.domain)
	if s.admin != "" {
		fmt.Fprintf(&b, "\n# Accounts that may administer the server from their client.\nadmins = [%q]\n",
			s.admin)
	}
	if s.cert != "" || s.key != "" {
		fmt.Fprintf(&b, "\n[tls]\ncert = %q\nkey = %q\n", absolute(s.cert), absolute(s.key))
	}
	if s.domain == "localhost" {
		b.WriteString("\n# For trying: clients on this machine only. " +
			"Without these lines, all may come.\n[c2s]\n")
		fmt.Fprintf(&b, "listen = %s\n", addresses(loopback, "5222"))
		fmt.Fprintf(&b, "listen_tls = %s\n", addresses(loopback, "5223"))
		fmt.Fprintf(&b, "\n[http]\nlisten_tls = %s\n", addresses(loopback, "5443"))
		b.WriteString("\n# Nor other servers: none would find localhost.\n[s2s]\nenabled = false\n")
	}
	return b.String()
}

// absolute is a path that does not depend on where the server is started.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// loopback are the addresses of this machine that only it can reach.
func loopback() []string {
	hosts := []string{"127.0.0.1"}
	if tryListen(context.Background(), "[::1]:0") == nil {
		hosts = append(hosts, "[::1]")
	}
	return hosts
}

// addresses is a TOML list of the hosts with a port.
func addresses(hosts []string, port string) string {
	var addrs []string
	for _, h := range hosts {
		addrs = append(addrs, h+":"+port)
	}
	return list(addrs)
}

// list is a TOML list of texts.
func list(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = strconv.Quote(t)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// prepare makes data folder, certificate and accounts, and says what to do
// next.
func (inv *invocation) prepare(ctx context.Context, c *conf.Config, s setup) error {
	for _, f := range checkPorts(ctx, c) {
		if f.level == levelRed {
			return fmt.Errorf("%s\nmend: %s", f.text, f.mend)
		}
	}
	if err := makeDataFolder(c.Data); err != nil {
		return err
	}
	if _, err := certs.MakeMissing(c, inv.now()); err != nil {
		return err
	}
	db, err := store.Open(ctx, c.Data, store.Options{Readers: 1})
	if err != nil {
		return err
	}
	if s.domain == "localhost" {
		err = inv.tryOut(ctx, c, stopped{db, c})
	} else {
		err = inv.goLive(ctx, c, stopped{db, c}, s)
	}
	return errors.Join(err, db.Close())
}

// makeAccount makes an account; made is false if it is there already.
func makeAccount(ctx context.Context, acc stopped, jid, password string) (made bool, err error) {
	v, err := verifier(acc.conf, password)
	if err != nil {
		return false, err
	}
	err = acc.add(ctx, jid, v)
	if errors.Is(err, store.ErrExists) {
		return false, nil
	}
	return err == nil, explain(jid, err)
}
