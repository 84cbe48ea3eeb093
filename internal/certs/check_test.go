package certs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lines are problems as an admin reads them, without the folder's name.
func lines(problems []Problem, dir string) string {
	var b strings.Builder
	for _, p := range problems {
		if p.Warn {
			b.WriteString("(warning) ")
		}
		b.WriteString(p.Text + " | " + p.Mend + "\n")
	}
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), dir+"/", "")
}

const orderAll = "certbot certonly --standalone --cert-name a.example " +
	"-d a.example -d conference.a.example"

func TestCheck(t *testing.T) {
	root := newAuthority(t, "root", nil)
	between := newAuthority(t, "between", root)
	both := []string{"a.example", "conference.a.example"}
	chain := []*authority{between}
	end := time.Now().Add(60 * 24 * time.Hour)
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	for _, test := range []struct {
		name  string
		ca    *authority
		chain []*authority
		end   time.Time
		names []string
		want  string
	}{
		{"good", between, chain, end, both, ""},
		{"wildcard", between, chain, end, []string{"a.example", "*.a.example"}, ""},
		{"a name is missing", between, chain, end, both[:1],
			"a.crt is for a.example, but not for conference.a.example | " + orderAll},
		{"a wildcard is for one label only", between, chain, end, []string{"*.example"},
			"a.crt is for *.example, but not for conference.a.example | " + orderAll},
		{"no name", between, chain, end, nil, "a.crt is for no name, " +
			"but not for a.example, conference.a.example | " + orderAll},
		{"over", between, chain, inDays(-1), both,
			"a.crt ended on " + day(inDays(-1)) + " | certbot renew"},
		{"near its end", between, chain, inDays(10), both,
			"(warning) a.crt ends on " + day(inDays(10)) + " | certbot renew"},
		{"not yet", between, chain, inDays(95), both, "a.crt begins on " + day(inDays(5)) +
			" only | set the clock: timedatectl set-ntp true"},
		{"chain is missing", between, nil, end, both,
			"a.crt: x509: certificate signed by unknown authority | append the certificates " +
				"between it and its root to a.crt (certbot's fullchain.pem has them)"},
		{"unknown authority", newAuthority(t, "other", nil), chain, end, both,
			"a.crt: x509: certificate signed by unknown authority | " +
				"take a certificate of a public authority: " + orderAll},
	} {
		dir := t.TempDir()
		c := config(t, `
			domains = ["a.example"]
			services = ["conference"]`)
		c.TLS.Cert, c.TLS.Key = test.ca.sign(dir, "a.crt", "a.key", test.end, test.chain,
			test.names...)
		groups := Group(Sources(c))
		if len(groups) != 1 {
			t.Fatalf("%d groups", len(groups))
		}
		if got := lines(Check(groups[0], time.Now(), root.pool()), dir); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestCheckFiles(t *testing.T) {
	root := newAuthority(t, "root", nil)
	dir := t.TempDir()
	c := config(t, `
		domains = ["a.example"]
		services = ["conference"]`)
	check := func(name, want string) {
		t.Helper()
		got := lines(Check(Group(Sources(c))[0], time.Now(), root.pool()), dir)
		if got = strings.ReplaceAll(got, c.Data+"/", ""); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	check("nothing", "certs/a.example.crt does not exist yet: the server makes it when it starts | "+
		orderAll)
	if _, err := MakeMissing(c, time.Now()); err != nil {
		t.Fatal(err)
	}
	check("self-made", "the certificate of a.example, conference.a.example is self-made: other "+
		"servers and careful clients refuse it | "+orderAll)

	c.TLS.Cert, c.TLS.Key = root.sign(dir, "a.crt", "a.key", inDays(60), nil,
		"a.example", "conference.a.example")
	check("configured", "")
	if err := os.Chmod(c.TLS.Key, 0o644); err != nil {
		t.Fatal(err)
	}
	check("open key", "everybody on this machine may use the key a.key (mode 0644) | chmod o= a.key")

	root.sign(dir, "b.crt", "b.key", inDays(60), nil, "a.example")
	c.TLS.Key = filepath.Join(dir, "b.key")
	check("other key", "load certificate: tls: private key does not match public key | put a "+
		"certificate and the key that belongs to it into a.crt and b.key, or: "+orderAll)
	c.TLS.Key = filepath.Join(dir, "none.key")
	check("no key", "load certificate: open none.key: no such file or directory | "+
		"correct the names of the files in parley.toml, or: "+orderAll)
}

func TestCheckLocalhost(t *testing.T) {
	c := config(t, `domains = ["localhost"]`)
	want := "(warning) certs/localhost.crt does not exist yet: the server makes it when it starts | " +
		"parley serve"
	if got := lines(Check(Group(Sources(c))[0], time.Now(), nil), c.Data); got != want {
		t.Errorf("nothing: %s", got)
	}
	if _, err := MakeMissing(c, time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := Check(Group(Sources(c))[0], time.Now(), nil); got != nil {
		t.Errorf("got %+v, want nothing: nobody else comes to localhost", got)
	}
	if got := lines(Check(Group(Sources(c))[0], inDays(900), nil), c.Data); !strings.HasSuffix(got,
		"| parley reload") {
		t.Errorf("after 900 days: %s", got)
	}
}

// TestCheckPermission holds that certificates that we may not read are told of,
// not passed over.
func TestCheckPermission(t *testing.T) {
	s := Source{Host: "a.example", Domain: "a.example", Origin: SelfMade,
		Denied: "/etc/letsencrypt/live"}
	want := "the certificate of a.example is self-made, because the server may not read " +
		"/etc/letsencrypt/live | " +
		"chgrp -R parley /etc/letsencrypt/live /etc/letsencrypt/archive && " +
		"chmod -R g+rX /etc/letsencrypt/live /etc/letsencrypt/archive"
	if got := lines(checker{s, []string{"a.example"}}.selfMade(), "-"); got != want {
		t.Errorf("got %s", got)
	}
	s = Source{Host: "a.example", Domain: "a.example", Origin: Configured, Cert: "/c", Key: "/k"}
	want = "permission denied | chgrp parley /c /k && chmod g+r /c /k"
	if got := lines([]Problem{checker{s, nil}.unreadable(os.ErrPermission)}, "-"); got != want {
		t.Errorf("got %s", got)
	}
}
