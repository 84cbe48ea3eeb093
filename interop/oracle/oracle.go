package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/internal/xmpptest"
)

// patience is how long a script may take; one that waits in vain gives up
// earlier.
const patience = 90 * time.Second

// needs says why a script cannot be played here.
var needs = map[string]string{
	"time":       "its time is that of the test",
	"restart":    "it stops or kills the server",
	"register":   "registration has to be on",
	"admin":      "an account with rights in our configuration",
	"anonymous":  "a domain without accounts",
	"cleartext":  "streams without TLS",
	"few":        "small limits of our configuration",
	"slow":       "small limits of our configuration",
	"day":        "names that are free again after a day",
	"groupchat1": "clients from before MUC are let into rooms",
	"makers":     "rooms that administrators alone make",
	"locked":     "new rooms wait for their configuration",
	"older":      "our conflict policy in the other setting",
	"privacy":    "privacy lists (XEP-0016)",
	"strangers":  "our rule about strangers in the other setting",
}

// named is a script with its path below the folder, without the ending.
type named struct {
	*xmpptest.Script
	name string
}

// readScripts reads all scripts below a folder, or those whose name contains one
// of the given words.
func readScripts(folder string, only []string) ([]named, error) {
	var list []named
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txt" {
			return err
		}
		name, err := filepath.Rel(folder, strings.TrimSuffix(path, ".txt"))
		if err != nil || !wanted(name, only) {
			return err
		}
		s, err := xmpptest.ParseFile(path)
		list = append(list, named{s, name})
		return err
	})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("no scripts in %s", folder)
	}
	return list, err
}

func wanted(name string, only []string) bool {
	return len(only) == 0 ||
		slices.ContainsFunc(only, func(w string) bool { return strings.Contains(name, w) })
}

// oracle plays scripts and keeps what came of them.
type oracle struct {
	peer  *peer
	known map[string]string // script → what the list says
	can   map[string]bool

	mu      sync.Mutex
	same    int
	differs map[string]error
	skipped map[string]string
}

// play runs all scripts, some at a time.
func (o *oracle) play(ctx context.Context, scripts []named, jobs int) {
	o.differs, o.skipped = map[string]error{}, map[string]string{}
	// Names that no earlier run has used: accounts are kept by the server.
	run := time.Now().Unix()
	gate := make(chan struct{}, max(jobs, 1))
	var wg sync.WaitGroup
	for i, s := range scripts {
		if why := o.lacks(s); why != "" {
			o.skipped[s.name] = why
			continue
		}
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			o.note(s.name, xmpptest.Run(ctx, o.peer, s.Script, fmt.Sprintf("o%d-%d-", run, i)))
		})
	}
	wg.Wait()
}

// lacks says what a script needs that this server has not.
func (o *oracle) lacks(s named) string {
	var why []string
	for _, need := range slices.Sorted(maps.Keys(s.Needs)) {
		if o.can[need] {
			continue
		}
		reason := needs[need]
		if reason == "" {
			reason = need
		}
		why = append(why, reason)
	}
	return strings.Join(why, "; ")
}

func (o *oracle) note(name string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		o.same++
		return
	}
	o.differs[name] = err
}

// folder is what stands in the list for all scripts beside this one: what a
// server does not have as it is set up here.
func folder(name string) string { return path.Dir(name) + "/*" }

// report prints all that is not as expected, and says whether it is listed.
func (o *oracle) report(w io.Writer, server string) bool {
	for _, name := range slices.Sorted(maps.Keys(o.skipped)) {
		fmt.Fprintf(w, "SKIP %s: %s needs %s\n", server, name, o.skipped[name])
	}
	unlisted := 0
	for _, name := range slices.Sorted(maps.Keys(o.differs)) {
		word := "LISTED"
		if o.known[name] == "" && o.known[folder(name)] == "" {
			word = "DIFFERS"
			unlisted++
		}
		text := strings.ReplaceAll(o.differs[name].Error(), "\n", "\n    ")
		fmt.Fprintf(w, "%s %s: %s: %s\n", word, server, name, text)
	}
	for _, name := range slices.Sorted(maps.Keys(o.known)) {
		if o.differs[name] == nil && !strings.HasSuffix(name, "/*") {
			fmt.Fprintf(w, "NOTE %s: %s is listed and did not differ\n", server, name)
		}
	}
	fmt.Fprintf(w, "%s: %d as ours, %d listed differences, %d not listed, %d skipped\n",
		server, o.same, len(o.differs)-unlisted, unlisted, len(o.skipped))
	return unlisted == 0 && o.same > 0
}
