package speccheck

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers says what each package may import of this module (doc/architecture.md):
// what is below it, never beside it. Tests may import more.
var layers = map[string][]string{
	"stanza":             {},
	"conf":               {},
	"metrics":            {},
	"stream":             {"stanza"},
	"store":              {"stanza"},
	"auth":               {"store", "stanza"},
	"router":             {"stanza", "store", "conf", "metrics"},
	"roster":             {"router", "store", "stanza"},
	"archive":            {"internal/form", "internal/rsm", "router", "store", "stanza"},
	"pubsub":             {"internal/form", "internal/rsm", "roster", "router", "store", "stanza"},
	"xep":                {"internal/caps", "internal/form", "internal/rsm", "router", "store", "stanza"},
	"c2s":                {"stream", "auth", "router", "stanza", "conf"},
	"s2s":                {"s2s/resolve", "stream", "auth", "router", "store", "stanza", "conf"},
	"s2s/resolve":        {},
	"component":          {"stream", "router", "stanza", "conf"},
	"upload":             {"internal/form", "router", "store", "stanza"},
	"presence":           {"internal/caps", "roster", "router", "store", "stanza"},
	"muc":                {"archive", "internal/form", "internal/rsm", "router", "store", "stanza", "conf"},
	"internal/certs":     {"conf"},
	"internal/caps":      {"internal/form", "stanza"},
	"internal/form":      {"stanza"},
	"internal/rsm":       {"stanza"},
	"internal/control":   {},
	"internal/sdnotify":  {},
	"internal/dnstest":   {},
	"internal/leak":      {},
	"internal/memconn":   {},
	"internal/speccheck": {},
	"internal/xmpptest":  {},
	"cmd/parley": {"server", "conf", "store", "auth", "stanza",
		"internal/control", "internal/certs", "internal/sdnotify"},
}

// above are not held to the list: they put everything together, or serve
// tests and measurements.
var above = []string{"server", "bench", "interop", "internal/imtest", "internal/mutate", "stanza/xmlgen"}

func TestLayers(t *testing.T) {
	const root = "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(dir)
		if slices.ContainsFunc(above, func(a string) bool { return pkg == a || strings.HasPrefix(pkg, a+"/") }) {
			return nil
		}
		may, known := layers[pkg]
		if !known {
			t.Errorf("package %s has no layer", pkg)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			ours, ok := strings.CutPrefix(name, "parley/")
			if ok && ours != pkg && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s, which %s may not", path, ours, pkg)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
