package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"syscall"

	"parley/conf"
	"parley/internal/control"
)

// listener is one address that the configuration names.
type listener struct{ key, addr string }

// listeners are all addresses that the server will listen on.
func listeners(c *conf.Config) []listener {
	var list []listener
	for _, a := range c.C2S.Listen {
		list = append(list, listener{"c2s.listen", a})
	}
	for _, a := range c.C2S.ListenTLS {
		list = append(list, listener{"c2s.listen_tls", a})
	}
	if c.S2S.Enabled {
		for _, a := range c.S2S.Listen {
			list = append(list, listener{"s2s.listen", a})
		}
		for _, a := range c.S2S.ListenTLS {
			list = append(list, listener{"s2s.listen_tls", a})
		}
	}
	for _, comp := range c.Component {
		if l := (listener{"component.listen", comp.Listen}); !slices.Contains(list, l) {
			list = append(list, l)
		}
	}
	if c.HTTP.Listen != "" {
		list = append(list, listener{"http.listen", c.HTTP.Listen})
	}
	for _, a := range c.HTTP.ListenTLS {
		list = append(list, listener{"http.listen_tls", a})
	}
	return list
}

// checkPorts tries to listen on each address: it is free, ours, or taken.
func checkPorts(ctx context.Context, c *conf.Config) []finding {
	err := control.Call(ctx, c.Data, control.CmdStatus, control.None{}, nil)
	ours := err == nil
	var findings []finding
	if err != nil && !errors.Is(err, control.ErrNotRunning) {
		findings = append(findings, red("see the server's log",
			"the server does not answer on its control socket: %v", err))
	}
	for _, l := range listeners(c) {
		findings = append(findings, checkPort(ctx, c, l, ours)...)
	}
	if !loopbackOnly(c.HTTP.Listen) {
		findings = append(findings, warn("set http.listen to \"127.0.0.1:5280\" in "+c.Path,
			"everybody who reaches %s can read the metrics (http.listen)", c.HTTP.Listen))
	}
	if findings == nil {
		findings = append(findings, good("%s", map[bool]string{
			true: "the server is running and listens on all of its ports", false: "all ports are free",
		}[ours]))
	}
	return findings
}

// loopbackOnly says whether only this machine reaches an address.
func loopbackOnly(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err != nil || host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkPort looks at one address. Of a running server it must be in use, of a
// stopped one free.
func checkPort(ctx context.Context, c *conf.Config, l listener, running bool) []finding {
	err := tryListen(ctx, l.addr)
	_, port, _ := net.SplitHostPort(l.addr) // conf has checked it
	switch {
	case err == nil && running:
		return []finding{red("restart the server: systemctl restart parley",
			"the server is running but does not listen on %s (%s)", l.addr, l.key)}
	case err == nil, errors.Is(err, syscall.EADDRINUSE) && running:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return []finding{red(fmt.Sprintf("stop the program that ss -ltnp 'sport = :%s' shows, "+
			"or set %s in %s", port, l.key, c.Path),
			"another program listens on %s (%s)", l.addr, l.key)}
	case errors.Is(err, fs.ErrPermission):
		return []finding{red("setcap cap_net_bind_service=+ep $(command -v parley)",
			"only root may listen on %s (%s)", l.addr, l.key)}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return []finding{red(fmt.Sprintf("set %s in %s to an address of this machine", l.key, c.Path),
			"this machine does not have the address %s (%s)", l.addr, l.key)}
	}
	return []finding{red(fmt.Sprintf("set %s in %s", l.key, c.Path),
		"cannot listen on %s (%s): %v", l.addr, l.key, err)}
}

// tryListen listens for a moment.
func tryListen(ctx context.Context, addr string) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}
