package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"parley/conf"
)

// Recorder is a connection that wants to know which certificate it was given:
// tls-server-end-point is bound to it (RFC 5929 section 4.1, Description). A
// net.Conn that is handed to tls.Server may have this method. It is called in
// full handshakes only; in a resumed one no certificate is sent.
type Recorder interface {
	RecordCertificate(*tls.Certificate)
}

// Store has the certificates of all names and gives each connection the one
// for its name.
type Store struct {
	log *slog.Logger

	mu       sync.RWMutex
	conf     *conf.Config
	byName   map[string]*tls.Certificate // by ASCII name
	sources  []Source
	fallback *tls.Certificate // the first domain's
	stamp    string           // state of the files that were read
}

// Open makes what is missing and loads the certificates of all names.
func Open(c *conf.Config, log *slog.Logger) (*Store, error) {
	s := &Store{log: log}
	if err := s.Reload(c); err != nil {
		return nil, err
	}
	return s, nil
}

// Reload reads all certificates again, by a configuration that may be new. On
// an error those that were loaded stay in use.
func (s *Store) Reload(c *conf.Config) error {
	made, err := MakeMissing(c, time.Now())
	for _, file := range made {
		s.log.Info("made a certificate", "file", file)
	}
	if err != nil {
		return err
	}
	sources := Sources(c)
	stamp := stampOf(sources)
	byName := map[string]*tls.Certificate{}
	byFile := map[string]*tls.Certificate{}
	for _, src := range sources {
		pair := byFile[src.Cert]
		if pair == nil {
			if pair, err = Load(src.Cert, src.Key); err != nil {
				return fmt.Errorf("certificate of %s: %w", src.Host, err)
			}
			byFile[src.Cert] = pair
		}
		byName[ASCII(src.Host)] = pair
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conf, s.byName, s.sources, s.stamp = c, byName, sources, stamp
	s.fallback = byName[ASCII(c.Domains[0])]
	return nil
}

// stampOf is the state of the files, to see a change by.
func stampOf(sources []Source) string {
	var b strings.Builder
	for _, s := range sources {
		for _, file := range []string{s.Cert, s.Key} {
			fmt.Fprintf(&b, "%s ", file)
			if info, err := os.Stat(file); err == nil {
				fmt.Fprintf(&b, "%d %d", info.ModTime().UnixNano(), info.Size())
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Watch looks every so often whether a file has changed or a self-made
// certificate is near its end, and reloads then, until ctx ends.
func (s *Store) Watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.look()
		case <-ctx.Done():
			return
		}
	}
}

// look reloads if something changed. A pair that is half written does not fit
// and is tried again at the next look.
func (s *Store) look() {
	s.mu.RLock()
	c, sources, stamp := s.conf, s.sources, s.stamp
	s.mu.RUnlock()
	if stampOf(Sources(c)) == stamp && !s.ending(sources, time.Now()) {
		return
	}
	if err := s.Reload(c); err != nil {
		s.log.Warn("certificate not reloaded, the old one stays in use", "err", err)
		return
	}
	s.log.Info("certificates reloaded")
}

// ending says whether a self-made certificate is to be made anew.
func (s *Store) ending(sources []Source, now time.Time) bool {
	for _, src := range sources {
		if src.Origin != SelfMade {
			continue
		}
		pair := s.Certificate(src.Host)
		if pair == nil || !goodEnough(pair, selfMadeNames(sources, src.Domain), now) {
			return true
		}
	}
	return false
}

// Certificate is the certificate of one of the server's names, nil if it is
// none.
func (s *Store) Certificate(host string) *tls.Certificate {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byName[ASCII(host)]
}

// Sources says where the certificates in use come from.
func (s *Store) Sources() []Source {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sources
}

// GetCertificate gives a connection the certificate for the name it asked for,
// as tls.Config wants it: the name's own, else one that covers it, else that
// of the first domain, since some clients ask for the name of the machine and
// some for none.
func (s *Store) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	pair := s.choose(hello.ServerName)
	if pair == nil {
		return nil, errors.New("certs: no certificate")
	}
	if r, ok := hello.Conn.(Recorder); ok {
		r.RecordCertificate(pair)
	}
	return pair, nil
}

// choose finds the certificate for a name as a client may write it.
func (s *Store) choose(name string) *tls.Certificate {
	name = ASCII(strings.ToLower(strings.TrimSuffix(name, ".")))
	s.mu.RLock()
	defer s.mu.RUnlock()
	if pair, ok := s.byName[name]; ok || name == "" {
		if ok {
			return pair
		}
		return s.fallback
	}
	for _, src := range s.sources {
		pair := s.byName[ASCII(src.Host)]
		if pair.Leaf.VerifyHostname(name) == nil {
			return pair
		}
	}
	return s.fallback
}
