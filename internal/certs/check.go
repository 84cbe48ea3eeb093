package certs

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Problem is one thing that is wrong with a certificate, and what mends it.
type Problem struct {
	Text string
	Mend string
	Warn bool // works for now
}

// soon is when a certificate that ends is told about.
const soon = 14 * 24 * time.Hour

// Group puts sources together that use the same files.
func Group(sources []Source) [][]Source {
	var groups [][]Source
	for _, s := range sources {
		i := slices.IndexFunc(groups, func(g []Source) bool { return g[0].Cert == s.Cert })
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// Check looks at a certificate as a peer will, for all names that use it (see
// Group). roots nil are the system's.
func Check(group []Source, now time.Time, roots *x509.CertPool) []Problem {
	c := checker{Source: group[0]}
	for _, s := range group {
		c.hosts = append(c.hosts, ASCII(s.Host))
	}
	pair, err := Load(c.Cert, c.Key)
	if err != nil {
		return []Problem{c.unreadable(err)}
	}
	problems := slices.Concat(c.keyRights(), c.names(pair.Leaf), c.dates(pair.Leaf, now))
	if c.Origin == SelfMade {
		return append(problems, c.selfMade()...)
	}
	return append(problems, c.chain(pair.Certificate, pair.Leaf, now, roots)...)
}

// checker is a certificate with the names that it must have, in ASCII.
type checker struct {
	Source
	hosts []string
}

// names tells which names are missing.
func (c checker) names(leaf *x509.Certificate) []Problem {
	var missing []string
	for _, host := range c.hosts {
		if leaf.VerifyHostname(host) != nil {
			missing = append(missing, host)
		}
	}
	if missing == nil {
		return nil
	}
	return []Problem{{
		Text: fmt.Sprintf("%s is for %s, but not for %s", c.Cert, nameList(leaf),
			strings.Join(missing, ", ")),
		Mend: c.order(),
	}}
}

// nameList are the names of a certificate.
func nameList(leaf *x509.Certificate) string {
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name"
	}
	return strings.Join(names, ", ")
}

// order is the line that gets a certificate with all names.
func (c checker) order() string {
	return fmt.Sprintf("certbot certonly --standalone --cert-name %s -d %s",
		ASCII(c.Domain), strings.Join(c.hosts, " -d "))
}

// unreadable tells why the files cannot be used.
func (c checker) unreadable(err error) Problem {
	p := Problem{Text: err.Error()}
	switch {
	case errors.Is(err, fs.ErrPermission):
		p.Mend = fmt.Sprintf("chgrp parley %s %s && chmod g+r %[1]s %[2]s", c.Cert, c.Key)
	case errors.Is(err, fs.ErrNotExist) && c.Origin == SelfMade:
		p.Text = c.Cert + " does not exist yet: the server makes it when it starts"
		p.Mend, p.Warn = c.order(), c.Domain == "localhost"
		if p.Warn {
			p.Mend = "parley serve"
		}
	case errors.Is(err, fs.ErrNotExist):
		p.Mend = "correct the names of the files in parley.toml, or: " + c.order()
	default:
		p.Mend = fmt.Sprintf("put a certificate and the key that belongs to it into %s and %s, or: %s",
			c.Cert, c.Key, c.order())
	}
	return p
}

// keyRights tells of a key that others can read.
func (c checker) keyRights() []Problem {
	info, err := os.Stat(c.Key)
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return nil
	}
	return []Problem{{
		Text: fmt.Sprintf("everybody on this machine may use the key %s (mode %04o)",
			c.Key, info.Mode().Perm()),
		Mend: "chmod o= " + c.Key,
	}}
}

// dates tells of a certificate whose time is over, near its end or not there
// yet.
func (c checker) dates(leaf *x509.Certificate, now time.Time) []Problem {
	day := leaf.NotAfter.UTC().Format(time.DateOnly)
	renew := "certbot renew"
	if c.Origin == SelfMade {
		renew = "parley reload" // makes it anew
	}
	switch {
	case now.After(leaf.NotAfter):
		return []Problem{{Text: fmt.Sprintf("%s ended on %s", c.Cert, day), Mend: renew}}
	case now.Before(leaf.NotBefore):
		return []Problem{{
			Text: fmt.Sprintf("%s begins on %s only", c.Cert,
				leaf.NotBefore.UTC().Format(time.DateOnly)),
			Mend: "set the clock: timedatectl set-ntp true",
		}}
	case now.Add(soon).After(leaf.NotAfter):
		return []Problem{{Text: fmt.Sprintf("%s ends on %s", c.Cert, day), Mend: renew, Warn: true}}
	}
	return nil
}

// selfMade tells that nobody trusts a self-made certificate, except on
// localhost, where nobody else comes.
func (c checker) selfMade() []Problem {
	if c.Domain == "localhost" {
		return nil
	}
	if c.Denied != "" {
		archive := filepath.Join(filepath.Dir(c.Denied), "archive")
		return []Problem{{
			Text: fmt.Sprintf("the certificate of %s is self-made, because the server may not read %s",
				strings.Join(c.hosts, ", "), c.Denied),
			Mend: fmt.Sprintf("chgrp -R parley %s %s && chmod -R g+rX %[1]s %[2]s", c.Denied, archive),
		}}
	}
	return []Problem{{
		Text: fmt.Sprintf("the certificate of %s is self-made: other servers and careful clients "+
			"refuse it", strings.Join(c.hosts, ", ")),
		Mend: c.order(),
	}}
}

// chain tells of a certificate that no authority of this system vouches for,
// most often because the file lacks the certificates between.
func (c checker) chain(der [][]byte, leaf *x509.Certificate, now time.Time,
	roots *x509.CertPool) []Problem {
	between := x509.NewCertPool()
	for _, raw := range der[1:] {
		if next, err := x509.ParseCertificate(raw); err == nil {
			between.AddCert(next)
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	var invalid x509.CertificateInvalidError
	if err == nil || errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return nil // the dates are told already
	}
	mend := "take a certificate of a public authority: " + c.order()
	if len(der) == 1 {
		mend = "append the certificates between it and its root to " + c.Cert +
			" (certbot's fullchain.pem has them)"
	}
	return []Problem{{Text: fmt.Sprintf("%s: %v", c.Cert, err), Mend: mend}}
}
