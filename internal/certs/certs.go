// Package certs finds, makes, loads and checks the certificates of the
// server's names: those of the configuration, those of certbot, and a
// self-made one where there is none. It imports conf, and nothing else of ours.
//
// Names are matched as RFC 9525 says: by the DNS names in the certificate's
// subjectAltName, a wildcard standing for one whole leftmost label (RFC 9525
// section 6.3, Matching the DNS Domain Name Portion).
package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"parley/conf"
)

// Origin says where a certificate comes from.
type Origin string

// The origins, in the order in which they are looked at.
const (
	Configured Origin = "configuration"
	Certbot    Origin = "certbot"
	SelfMade   Origin = "self-made"
)

// Source is the certificate and key file of one of the server's names.
type Source struct {
	Host      string // as conf has it
	Domain    string // the domain that the host belongs to
	Origin    Origin
	Cert, Key string // files
	Denied    string // a folder of certbot's that we may not read
}

// Sources chooses for every name of the server: the pair in its own table,
// else of [tls] and certbot's folders the first that is for this name, else
// the first that exists at all, else a self-made one in the data folder.
func Sources(c *conf.Config) []Source {
	var list []Source
	for _, domain := range c.Domains {
		for _, host := range append([]string{domain}, c.ServiceHosts(domain)...) {
			list = append(list, choose(c, host, domain))
		}
	}
	known := len(list)
	for _, host := range c.Hosts() {
		if !hasHost(list[:known], host) {
			list = append(list, choose(c, host, domainOf(c, host)))
		}
	}
	return list
}

func hasHost(list []Source, host string) bool {
	for _, s := range list {
		if s.Host == host {
			return true
		}
	}
	return false
}

// domainOf is the domain above a component's name, or the first one.
func domainOf(c *conf.Config, host string) string {
	for _, d := range c.Domains {
		if strings.HasSuffix(host, "."+d) {
			return d
		}
	}
	return c.Domains[0]
}

// choose finds the source of one name.
func choose(c *conf.Config, host, domain string) Source {
	if h, ok := c.Host[host]; ok {
		return Source{host, domain, Configured, h.Cert, h.Key, ""}
	}
	list, denied := candidates(c, host, domain)
	for _, s := range list {
		if pair, err := Load(s.Cert, s.Key); err == nil && Covers(pair, host) {
			return s
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	cert, key := SelfMadeFiles(c.Data, domain)
	return Source{host, domain, SelfMade, cert, key, denied}
}

// candidates are the sources that may be for a name: those that are
// configured, and those of certbot's folders that exist. A folder that may not
// be read is denied: the server starts all the same, and Check tells it.
func candidates(c *conf.Config, host, domain string) (list []Source, denied string) {
	if c.TLS.Cert != "" {
		list = append(list, Source{host, domain, Configured, c.TLS.Cert, c.TLS.Key, ""})
	}
	if c.TLS.Certbot == "" {
		return list, ""
	}
	for _, name := range slices.Compact([]string{host, domain}) {
		dir := filepath.Join(c.TLS.Certbot, ASCII(name))
		cert, key := filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "privkey.pem")
		switch err := readable(cert, key); {
		case err == nil:
			list = append(list, Source{host, domain, Certbot, cert, key, ""})
		case errors.Is(err, fs.ErrPermission):
			denied = c.TLS.Certbot
		}
	}
	return list, denied
}

// readable says whether all files are there and can be read.
func readable(files ...string) error {
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Load reads a certificate with its chain, and its key, which must fit.
func Load(cert, key string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("load certificate: %w", err)
	}
	return &pair, nil
}

// Covers says whether the certificate is for a name.
func Covers(pair *tls.Certificate, host string) bool {
	return pair.Leaf != nil && pair.Leaf.VerifyHostname(ASCII(host)) == nil
}

// ASCII is a name as DNS and certificates have it (A-labels).
func ASCII(host string) string {
	if a, err := idna.Lookup.ToASCII(host); err == nil {
		return a
	}
	return host
}
