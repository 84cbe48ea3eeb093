package server

import (
	"os"
	"testing"

	"parley/internal/leak"
)

func TestMain(m *testing.M) {
	if os.Getenv(killedFolder) != "" {
		os.Exit(serveUntilKilled())
	}
	leak.Main(m)
}
