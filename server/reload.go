package server

import (
	"errors"
	"fmt"

	"parley/conf"
)

// Reload applies what of a new configuration can be applied to a running
// server, certificates included, and says which changed keys were applied and
// which wait for a restart. After an error everything is as before.
func (s *Server) Reload(c *conf.Config) (applied, needRestart []string, err error) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	c, applied, needRestart = conf.Reloaded(s.router.Config(), c)
	if err := s.certs.Reload(c); err != nil {
		return nil, nil, fmt.Errorf("reload certificates: %w", err)
	}
	s.router.SetConfig(c)
	s.log.Info("configuration reloaded", "applied", applied, "restart", needRestart)
	return applied, needRestart, nil
}

// errNoFile is what reload says when the server was not started from a file.
var errNoFile = errors.New("server: started without a configuration file")

// reloadFile reads the configuration file again and applies it.
func (s *Server) reloadFile() (applied, needRestart []string, err error) {
	if s.options.ConfigPath == "" {
		return nil, nil, errNoFile
	}
	c, err := conf.Load(s.options.ConfigPath)
	if err != nil {
		return nil, nil, err
	}
	return s.Reload(c)
}
