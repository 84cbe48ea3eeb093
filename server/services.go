package server

import (
	"slices"

	"parley/conf"
	"parley/muc"
)

// addServices adds the hosts that stand beside the domains.
func (s *Server) addServices(c *conf.Config) {
	for _, domain := range c.Domains {
		if slices.Contains(c.Services, "conference") {
			s.router.AddHost("conference."+domain, false, muc.New())
		}
	}
}
