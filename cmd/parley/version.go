package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"parley/server"
)

// version prints what this program is and what it was made with.
func version(_ context.Context, inv *invocation) error {
	if _, err := inv.parse(0, 0); err != nil {
		return err
	}
	inv.say("parley %s\n", server.Version)
	inv.say("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "CGO_ENABLED" || s.Key == "vcs.revision" {
				inv.say(" %s=%s", s.Key, s.Value)
			}
		}
	}
	inv.say("\n")
	return nil
}
