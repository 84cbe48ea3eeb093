package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"parley/conf"
)

// The usual places of the configuration file.
const (
	localConfig  = "parley.toml"
	systemConfig = "/etc/parley/parley.toml"
)

// resolver is what the checks ask of DNS.
type resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// surroundings are what a subcommand sees of the world. Tests give another.
type surroundings struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	roots          *x509.CertPool // nil: the system's
	resolver       func(*conf.Config) resolver
	goRun          bool // started by go run, not installed
}

// system is the real world.
func system() surroundings {
	return surroundings{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		now: time.Now, resolver: configuredResolver, goRun: binary() != executable(),
	}
}

// configuredResolver is the system's resolver, or the one of dns.resolver.
func configuredResolver(c *conf.Config) resolver {
	if c.DNS.Resolver == "" {
		return net.DefaultResolver
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, c.DNS.Resolver)
		},
	}
}

// load reads the configuration; without a file it says how to get one.
func (inv *invocation) load() (*conf.Config, error) {
	c, err := conf.Load(inv.configFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s; make one with: parley quickstart", inv.configFile())
	}
	return c, err
}
