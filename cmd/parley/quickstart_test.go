package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/auth"
	"parley/conf"
	"parley/internal/certs"
)

// hide takes what differs from run to run out of quickstart's text.
func hide(s string) string {
	s = regexp.MustCompile(`\b[a-z2-7]{16}\b`).ReplaceAllString(s, "PASSWORD")
	return regexp.MustCompile(`([: ])\d{5}\b`).ReplaceAllString(s, "${1}PORT")
}

// verifierOf is the verifier of an account.
func (w *world) verifierOf(jid string) string {
	w.t.Helper()
	a, err := w.account(jid)
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Verifier
}

func TestQuickstart(t *testing.T) {
	w := newWorld(t)
	w.config("domains = [\"localhost\"]\nlogin.iterations = 4096")
	r := w.run("quickstart", "--setup-only")
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("%+v", r)
	}
	golden(t, "quickstart.txt", hide(r.stdout))
	account := regexp.MustCompile(`(\w+@localhost) +([a-z2-7]{16})\n`)
	passwords := account.FindAllStringSubmatch(r.stdout, -1)
	if len(passwords) != 2 || passwords[0][2] == passwords[1][2] {
		t.Fatalf("passwords: %q", passwords)
	}
	before := w.verifierOf("alice@localhost")
	if v, err := auth.DecodeVerifiers(before); err != nil || v[auth.SHA256].Iterations != 4096 {
		t.Errorf("verifiers %+v, %v", v, err)
	}
	if info, err := os.Stat(w.data()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data folder: %v, %v", info, err)
	}
	cert, key := certs.SelfMadeFiles(w.data(), "localhost")
	if _, err := certs.Load(cert, key); err != nil {
		t.Error(err)
	}

	again := w.run("quickstart", "--setup-only")
	if again.code != 0 {
		t.Fatalf("%+v", again)
	}
	golden(t, "quickstart-again.txt", hide(again.stdout))
	if w.verifierOf("alice@localhost") != before {
		t.Error("the password was changed by the second run")
	}
}

// TestQuickstartWrites holds what is written where there is nothing.
func TestQuickstartWrites(t *testing.T) {
	for _, test := range []struct {
		s    setup
		want string
	}{
		{setup{domain: "localhost"}, "quickstart-localhost.toml"},
		{setup{domain: "example.org", admin: "admin@example.org"}, "quickstart-domain.toml"},
		{setup{domain: "example.org", admin: "a@example.org", cert: "/a.crt", key: "/a.key"},
			"quickstart-cert.toml"},
	} {
		got := test.s.config([]string{"127.0.0.1", "[::1]"})
		golden(t, test.want, got)
		if _, err := conf.Parse("parley.toml", got); err != nil {
			t.Error(err)
		}
	}
	w := newWorld(t)
	inv := newInvocation(w.sys, commands()[0], nil)
	inv.stdout = io.Discard
	file := filepath.Join(w.dir, "new.toml")
	c, err := inv.writeConfig(file, setup{domain: "localhost"})
	if err != nil || c.Data != w.data() || len(c.Domains) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := inv.writeConfig(file, setup{domain: "a b"}); err == nil {
		t.Error("wrote a file that is wrong")
	}
}

func TestQuickstartDomain(t *testing.T) {
	w := newWorld(t)
	w.config("domains = [\"example.org\"]\nlogin.iterations = 4096\nhostname = \"xmpp.example.org\"")
	r := w.run("quickstart", "--setup-only", "Example.org", "boss@example.org")
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("%+v", r)
	}
	golden(t, "quickstart-domain.txt", hide(r.stdout))
	w.verifierOf("boss@example.org")
	again := w.run("quickstart", "--setup-only", "example.org", "boss@example.org")
	if !strings.Contains(again.stdout, "The account boss@example.org was there; its password is not "+
		"stored. For a new one:\n  parley user passwd boss@example.org\n") {
		t.Errorf("%+v", again)
	}
	w.stdin = "given-password\n"
	r = w.run("quickstart", "--setup-only", "--password-stdin", "example.org", "other@example.org")
	if r.code != 0 || strings.Contains(r.stdout, "given-password") ||
		!strings.Contains(r.stdout, "\nMade the account other@example.org.\n") {
		t.Errorf("%+v", r)
	}
}

func TestQuickstartErrors(t *testing.T) {
	w := newWorld(t)
	w.config("domains = [\"example.org\"]")
	w.fail(1, "parley: DIR/parley.toml is there and serves example.org, not localhost; to add it: "+
		"domains = [\"example.org\", \"localhost\"]\n", "quickstart")
	w.fail(1, "parley: \"a b\" is not a domain name", "quickstart", "a b")
	w.fail(1, "parley: b.example is none of the domains", "quickstart", "--setup-only", "example.org",
		"a@b.example")
	w.fail(1, "parley: DIR/parley.toml is there and is not changed; set in it: [tls] "+
		"cert = \"/a.crt\", key = \"/a.key\"\n",
		"quickstart", "--cert", "/a.crt", "--key", "/a.key", "example.org")
	w.serve(nil)
	w.fail(1, "parley: the server does not know the command \"status\"\n"+
		"a server is running on DIR/data already; see: parley status\n", "quickstart", "example.org")
}
