package server

import (
	"context"
	"os"
	"time"

	"parley/internal/certs"
	"parley/internal/control"
	"parley/router"
)

// status tells how the server is doing.
func (s *Server) status(ctx context.Context, _ control.None) (control.Status, error) {
	st := control.Status{
		Version: Version,
		PID:     os.Getpid(),
		Started: s.started,
		Config:  s.options.ConfigPath,
		Domains: s.router.Config().Domains,
		Listen:  s.where,
	}
	s.router.Sessions(func(*router.Session) bool { st.Sessions++; return true })
	for _, d := range st.Domains {
		n, err := s.store.CountAccounts(ctx, d)
		if err != nil {
			return st, err
		}
		st.Accounts += n
	}
	if s.servers != nil {
		for _, i := range s.servers.List() {
			if i.Addr != "" {
				st.Servers++
			}
		}
	}
	st.Notes = s.notes()
	return st, nil
}

// notes is what an admin should know beside the figures.
func (s *Server) notes() []string {
	// crypto/tls negotiates it by itself with clients that can.
	notes := []string{"TLS 1.3 key exchange offers X25519MLKEM768, which keeps its secret from quantum computers too."}
	for _, group := range certs.Group(s.certs.Sources()) {
		for _, p := range certs.Check(group, time.Now(), nil) {
			notes = append(notes, "Certificate of "+group[0].Host+": "+p.Text+": see parley check.")
		}
	}
	return notes
}
