package server

import (
	"context"
	"path/filepath"
	"slices"

	"parley/conf"
	"parley/muc"
	"parley/upload"
	"parley/xep"
)

// addServices adds the hosts that stand beside the domains.
func (s *Server) addServices(c *conf.Config) {
	for _, domain := range c.Domains {
		if slices.Contains(c.Services, "conference") {
			s.router.AddHost("conference."+domain, false, muc.New(), xep.Ping{},
				xep.Version{Name: "Parley", Version: Version}, xep.Time{}, xep.Contact{})
		}
		if slices.Contains(c.Services, "pubsub") {
			s.router.AddHost("pubsub."+domain, false, s.pubsubModules()...)
		}
		if url := fileURL(c, domain); s.files != nil && url != "" {
			s.router.AddHost("upload."+domain, false, upload.New(s.files, url),
				xep.NewDisco(nil, nil), xep.Ping{})
		}
	}
}

// openFiles opens the folder of uploaded files, where there is a service for them.
func (s *Server) openFiles(ctx context.Context, c *conf.Config) (err error) {
	if !slices.Contains(c.Services, "upload") {
		return nil
	}
	s.files, err = upload.Open(ctx, s.store, filepath.Join(c.Data, "upload"), s.log)
	if err == nil {
		s.parts = append(s.parts, part{"uploads", s.files.Run})
	}
	return err
}
