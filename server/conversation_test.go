package server

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/conf"
	"parley/internal/xmpptest"
)

// TestConversations plays every script in testdata against a whole server over
// loopback TCP and TLS, once for each way that a connection can wait.
func TestConversations(t *testing.T) {
	for _, way := range []struct {
		name     string
		blocking bool
	}{{"parked", false}, {"blocking", true}} {
		t.Run(way.name, func(t *testing.T) {
			srv := startLive(t, way.blocking)
			for i, s := range scripts(t) {
				if s.Needs["time"] {
					continue // played in TestConversationsInTime
				}
				t.Run(name(s), func(t *testing.T) {
					t.Parallel()
					srv, prefix := srv, fmt.Sprintf("u%d-", i)
					if change := wants(t, s, prefix); change != nil {
						srv = startLive(t, way.blocking, change)
					}
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
					defer cancel()
					if err := xmpptest.Run(ctx, srv, s, prefix); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// needs are the words of a script's "needs:" line that ask for a server of its
// own, and what is other than by default there.
var needs = map[string]func(c *conf.Config, prefix string){
	"restart":    func(*conf.Config, string) {},
	"register":   func(c *conf.Config, _ string) { c.Register.Enabled = true },
	"privacy":    func(c *conf.Config, _ string) { c.Messages.PrivacyLists = true },
	"strangers":  func(c *conf.Config, _ string) { c.Messages.Strangers = "block" },
	"strong":     func(c *conf.Config, _ string) { c.Login.Mechanisms = []string{"SCRAM-SHA-512"} },
	"older":      func(c *conf.Config, _ string) { c.C2S.Conflict = "older" },
	"few":        few,
	"no-archive": func(c *conf.Config, _ string) { c.Messages.Archive = false },
	"anonymous":  func(c *conf.Config, _ string) { c.Login.Anonymous = c.Domains },
	"cleartext":  func(c *conf.Config, _ string) { c.C2S.RequireTLS = false },
	"day":        func(c *conf.Config, _ string) { c.Accounts.TombstoneDays, c.Messages.ArchiveDays = 1, 1 },
	"slow":       func(c *conf.Config, _ string) { c.Limits.Rate, c.Limits.Burst = 4<<10, 10_000 },
	"groupchat1": func(c *conf.Config, _ string) { c.Rooms.Groupchat1 = true },
	"makers":     func(c *conf.Config, _ string) { c.Rooms.Create = "admins" },
	"locked":     func(c *conf.Config, _ string) { c.Rooms.LockNew = true },
	"admin": func(c *conf.Config, prefix string) {
		c.Admins = []string{prefix + "alice@" + c.Domains[0]}
	},
}

// few makes every limit so low that a script can reach it.
func few(c *conf.Config, _ string) {
	c.Messages.Offline = 2
	c.Roster.Items, c.Roster.Groups = 2, 2
	c.Limits.Sessions = 2
	c.Rooms.PerUser, c.Rooms.Affiliations = 1, 2
}

// wants is the configuration that a script asks for, nil if any will do.
func wants(t *testing.T, s *xmpptest.Script, prefix string) func(*conf.Config) {
	t.Helper()
	var changes []func(*conf.Config, string)
	for word := range s.Needs {
		if word == "time" {
			continue
		}
		change, ok := needs[word]
		if !ok {
			t.Fatalf("%s: needs %q, which nobody has", s.Path, word)
		}
		changes = append(changes, change)
	}
	if changes == nil {
		return nil
	}
	return func(c *conf.Config) {
		for _, change := range changes {
			change(c, prefix)
		}
	}
}

// scripts are all conversations of testdata.
func scripts(t *testing.T) []*xmpptest.Script {
	t.Helper()
	var list []*xmpptest.Script
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txt" {
			return err
		}
		s, err := xmpptest.ParseFile(path)
		list = append(list, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("no scripts in testdata")
	}
	return list
}

func name(s *xmpptest.Script) string {
	return strings.TrimSuffix(strings.TrimPrefix(s.Path, "testdata/"), ".txt")
}
