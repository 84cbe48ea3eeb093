package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"

	"parley/auth"
	"parley/conf"
	"parley/router"
	"parley/stanza"
	"parley/store"
	"parley/xep"
)

// secretSetting names the server's secret, which keys what must look random
// and stay the same over restarts: the salts that unknown users are shown.
const secretSetting = "secret"

func (s *Server) authenticator(ctx context.Context) (*auth.Authenticator, error) {
	secret, err := s.secret(ctx)
	if err != nil {
		return nil, fmt.Errorf("read server secret: %w", err)
	}
	return auth.NewAuthenticator(accounts{s.router}, secret)
}

// secret reads the server's secret, making it at the first start.
func (s *Server) secret(ctx context.Context) ([]byte, error) {
	text, err := s.store.Setting(ctx, secretSetting)
	if errors.Is(err, store.ErrNotFound) {
		var random [32]byte
		if _, err := rand.Read(random[:]); err != nil {
			return nil, err
		}
		text = base64.StdEncoding.EncodeToString(random[:])
		err = s.store.Update(ctx, func(tx *store.Tx) error { return tx.SetSetting(secretSetting, text) })
	}
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

// accounts lets auth read accounts.
type accounts struct{ *router.Router }

var _ auth.Accounts = accounts{}

// Verifiers implements auth.Accounts.
func (a accounts) Verifiers(ctx context.Context, user, domain string) (auth.Verifiers, auth.State, error) {
	bare, err := stanza.NewJID(user, domain, "")
	if err != nil {
		return auth.Verifiers{}, auth.Unknown, nil // nobody can have such a name
	}
	row, err := a.AccountRow(ctx, bare)
	if errors.Is(err, store.ErrNotFound) {
		return auth.Verifiers{}, auth.Unknown, nil
	}
	if err != nil {
		return auth.Verifiers{}, auth.Unknown, err
	}
	if row.Verifier == router.GuestVerifier {
		return auth.Verifiers{}, auth.Unknown, nil
	}
	v, err := auth.DecodeVerifiers(row.Verifier)
	if err != nil {
		return auth.Verifiers{}, auth.Unknown, fmt.Errorf("verifiers of %s: %w", row.JID, err)
	}
	if row.Disabled {
		return v, auth.Disabled, nil
	}
	return v, auth.Active, nil
}

// passwords lets modules store passwords.
type passwords struct{ config func() *conf.Config }

var _ xep.Passwords = passwords{}

// Verifier implements xep.Passwords.
func (p passwords) Verifier(password string) (string, error) {
	v, err := auth.NewVerifiers(password, p.config().Login.Iterations)
	if err != nil {
		return "", err
	}
	return v.Encode(), nil
}

// certificate is what c2s shows for a domain.
func (s *Server) certificate(domain string) (*tls.Certificate, error) {
	return s.certs.GetCertificate(&tls.ClientHelloInfo{ServerName: domain})
}
