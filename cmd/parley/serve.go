package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"parley/conf"
	"parley/internal/control"
	"parley/internal/sdnotify"
	"parley/server"
)

// serve serves until ctx ends.
func serve(ctx context.Context, inv *invocation) error {
	if _, err := inv.parse(0, 0); err != nil {
		return err
	}
	c, err := inv.load()
	if err != nil {
		return err
	}
	return inv.serve(ctx, c, func() {})
}

// serve opens the server, calls ready, and runs it with the signals and the
// notifications that belong to it.
func (inv *invocation) serve(ctx context.Context, c *conf.Config, ready func()) error {
	if err := makeDataFolder(c.Data); err != nil {
		return err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // from now on: one that comes early must not kill us
	defer signal.Stop(hup)
	level := &liveLevel{}
	level.follow(func() *conf.Config { return c })
	log := newLog(c.Log, level, inv.stderr)
	srv, err := server.New(ctx, c, server.Options{Log: log, ConfigPath: c.Path})
	if err != nil {
		return err
	}
	level.follow(srv.Router().Config)
	manager := sdnotify.FromEnv()
	ready()
	tell(log, manager.Ready())

	beside, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { reloadOn(beside, hup, srv, c.Path, manager, log) })
	wg.Go(func() { tell(log, manager.Watch(beside, alive(c.Data))) })
	context.AfterFunc(ctx, func() { tell(log, manager.Stopping()) })
	err = srv.Run(ctx)
	stop()
	wg.Wait()
	return err
}

// alive asks ourselves, as the command line would.
func alive(data string) func(context.Context) error {
	return func(ctx context.Context) error {
		return control.Call(ctx, data, control.CmdStatus, control.None{}, nil)
	}
}

// reloadOn reloads at each signal until ctx ends.
func reloadOn(ctx context.Context, hup <-chan os.Signal, srv *server.Server, path string,
	manager *sdnotify.Notifier, log *slog.Logger) {
	for {
		select {
		case <-hup:
			tell(log, manager.Reloading())
			if err := reloadFile(srv, path); err != nil {
				log.Error("not reloaded, everything is as before", "err", err)
			}
			tell(log, manager.Ready())
		case <-ctx.Done():
			return
		}
	}
}

// reloadFile reads the configuration again and applies it; what was applied
// the server logs itself.
func reloadFile(srv *server.Server, path string) error {
	c, err := conf.Load(path)
	if err == nil {
		_, _, err = srv.Reload(c)
	}
	return err
}

// tell logs that the service manager could not be told something.
func tell(log *slog.Logger, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Warn("service manager", "err", err)
	}
}

// newLog logs as the configuration says.
func newLog(c conf.Log, level slog.Leveler, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// liveLevel is log.level of the configuration in use, so that a reload changes
// it.
type liveLevel struct {
	config atomic.Pointer[func() *conf.Config]
}

// follow sets where the configuration in use is found.
func (l *liveLevel) follow(config func() *conf.Config) { l.config.Store(&config) }

// Level implements slog.Leveler.
func (l *liveLevel) Level() slog.Level {
	var level slog.Level // conf knows the names, so that an error is impossible
	if err := level.UnmarshalText([]byte((*l.config.Load())().Log.Level)); err != nil {
		return slog.LevelInfo
	}
	return level
}
