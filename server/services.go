package server

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"parley/conf"
	"parley/muc"
	"parley/upload"
	"parley/xep"
)

// addServices adds the hosts that stand beside the domains.
func (s *Server) addServices(c *conf.Config) {
	for _, domain := range c.Domains {
		if slices.Contains(c.Services, "conference") {
			rooms := muc.New()
			s.rooms = append(s.rooms, rooms)
			s.router.AddHost("conference."+domain, false, rooms, xep.Ping{},
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

// farewellFor is how long rooms may take to say that the server stops.
const farewellFor = 5 * time.Second

// serving ends after ctx, when the rooms have said that the server stops:
// everybody can still be reached then.
func (s *Server) serving(ctx context.Context) context.Context {
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		defer end()
		s.log.Info("stopping")
		wait, cancel := context.WithTimeout(serving, farewellFor)
		defer cancel()
		for _, r := range s.rooms {
			r.Farewell(wait)
		}
	})
	return serving
}
