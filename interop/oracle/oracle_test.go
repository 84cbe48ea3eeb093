package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/xmpptest"
)

const table = `# A list

| script | Prosody | ejabberd | who is right |
|---|---|---|---|
| ` + "`a/b`" + ` | sleeps | same | ours |
| ` + "`a/c`" + ` | same | waits | all |

And a text.
`

func TestReadList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list.md")
	if err := os.WriteFile(path, []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := readList(path, "Prosody")
	if err != nil || len(known) != 1 || known["a/b"] != "sleeps" {
		t.Errorf("Prosody: %v, %v", known, err)
	}
	known, err = readList(path, "ejabberd")
	if err != nil || len(known) != 1 || known["a/c"] != "waits" {
		t.Errorf("ejabberd: %v, %v", known, err)
	}
	if _, err := readList(path, "jackal"); err == nil {
		t.Error("a server without a column was let pass")
	}
}

// TestOwnList: every script in the committed list exists, and every folder has some.
func TestOwnList(t *testing.T) {
	for server := range dialects() {
		known, err := readList("differences.md", server)
		if err != nil || len(known) == 0 {
			t.Fatalf("%s: %d differences, %v", server, len(known), err)
		}
		for name := range known {
			found, err := filepath.Glob("../../server/testdata/" + name + ".txt")
			if err != nil || len(found) == 0 {
				t.Errorf("%s: no script %s, %v", server, name, err)
			}
		}
	}
}

func TestReport(t *testing.T) {
	for _, tc := range []struct {
		name    string
		differs string
		same    int
		ok      bool
	}{
		{"a listed difference", "a/b", 1, true},
		{"one that is not listed", "a/c", 1, false},
		{"nothing as ours: the server does not work", "a/b", 0, false},
	} {
		o := &oracle{known: map[string]string{"a/b": "sleeps"}, same: tc.same,
			differs: map[string]error{tc.differs: errors.New("why")}}
		var out strings.Builder
		if ok := o.report(&out, "Prosody"); ok != tc.ok {
			t.Errorf("%s: %v\n%s", tc.name, ok, out.String())
		}
		if !strings.Contains(out.String(), tc.differs+": why") {
			t.Errorf("%s: not printed:\n%s", tc.name, out.String())
		}
	}
}

func TestDialects(t *testing.T) {
	away := &xmpptest.Element{Name: "presence",
		Attrs: map[string]string{"type": "unavailable", "from": "a@b"}}
	gone := &xmpptest.Element{Name: "presence",
		Attrs: map[string]string{"type": "unavailable", "from": "a@b/c"}}
	prosody, ejabberd := dialects()["Prosody"], dialects()["ejabberd"]
	if !prosody.Passes(away) || prosody.Passes(gone) || ejabberd.Passes(away) {
		t.Error("only Prosody says that an account is away, and no session's end is let pass")
	}
	to := &xmpptest.Element{Name: "presence", Attrs: map[string]string{"to": "a@b/c"}}
	if !ejabberd.Agrees(to, "to", "a@b") || ejabberd.Agrees(to, "to", "x@b") {
		t.Error("ejabberd's full JID stands for its bare JID alone")
	}
}
