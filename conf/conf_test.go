package conf

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

// parse reads a text that must be right.
func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("parley.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDomainsAreEnough(t *testing.T) {
	got := parse(t, `domains = ["Example.ORG."]`)
	want := Default()
	want.Domains = []string{"example.org"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDefaults(t *testing.T) {
	c := Default()
	checks := []struct {
		name      string
		got, want any
	}{
		{"data", c.Data, "data"},
		{"services", c.Services, []string{"conference", "pubsub", "upload"}},
		{"tls.certbot", c.TLS.Certbot, "/etc/letsencrypt/live"},
		{"c2s.listen", c.C2S.Listen, []string{":5222"}},
		{"c2s.listen_tls", c.C2S.ListenTLS, []string{":5223"}},
		{"c2s.require_tls", c.C2S.RequireTLS, true},
		{"c2s.conflict", c.C2S.Conflict, "newer"},
		{"c2s.ping_after", c.C2S.PingAfter, 5 * time.Minute},
		{"c2s.ping_timeout", c.C2S.PingTimeout, 30 * time.Second},
		{"c2s.login_timeout", c.C2S.LoginTimeout, 30 * time.Second},
		{"s2s.enabled", c.S2S.Enabled, true},
		{"s2s.listen", c.S2S.Listen, []string{":5269"}},
		{"s2s.listen_tls", c.S2S.ListenTLS, []string{":5270"}},
		{"s2s.require_tls", c.S2S.RequireTLS, true},
		{"s2s.policy", c.S2S.Policy, "dialback"},
		{"s2s.stanza", c.S2S.StanzaBytes, 512_000},
		{"login.external", c.Login.External, false},
		{"login.iterations", c.Login.Iterations, 10000},
		{"limits.stanza", c.Limits.Stanza, 256 << 10},
		{"limits.before_login", c.Limits.BeforeLogin, 10000},
		{"limits.queue", c.Limits.Queue, 4 << 20},
		{"accounts.tombstone_days", c.Accounts.TombstoneDays, 365},
		{"messages.strangers", c.Messages.Strangers, "allow"},
		{"messages.privacy_lists", c.Messages.PrivacyLists, false},
		{"register.enabled", c.Register.Enabled, false},
		{"log.level", c.Log.Level, "info"},
		{"http.listen", c.HTTP.Listen, "127.0.0.1:5280"},
	}
	for _, k := range checks {
		if !reflect.DeepEqual(k.got, k.want) {
			t.Errorf("%s = %v, want %v", k.name, k.got, k.want)
		}
	}
	if n := len(c.Login.Mechanisms); n != 7 {
		t.Errorf("%d mechanisms, want 7", n)
	}
}

// TestTags holds that every default, bound and enum can be read and that the
// default is inside of them.
func TestTags(t *testing.T) {
	kinds := []string{"", "domain", "label", "jid", "addr", "host", "path", "uri"}
	eachKey(reflect.TypeFor[Config](), "", func(name string, k key) {
		f := reflect.New(k.typ).Elem()
		if !k.isTables() && f.Kind() != reflect.Map {
			if err := k.setText(f, k.defaults()); err != nil {
				t.Errorf("%s: default %v: %v", name, k.defaults(), err)
			}
		}
		for _, tag := range []string{"min", "max"} {
			_, has := k.tag.Lookup(tag)
			numeric := f.Kind() == reflect.Int || f.Kind() == reflect.Int64
			if _, err := k.tagNumber(tag); numeric && err != nil {
				t.Errorf("%s: %s: %v", name, tag, err)
			} else if has && !numeric {
				t.Errorf("%s: has %s but is no number", name, tag)
			}
		}
		if !slices.Contains(kinds, k.tag.Get("is")) {
			t.Errorf("%s: is %q", name, k.tag.Get("is"))
		}
		if r := k.tag.Get("reload"); r != "" && r != "restart" {
			t.Errorf("%s: reload %q", name, r)
		}
	})
}

// eachKey visits every key, also of tables that may be there several times.
func eachKey(t reflect.Type, prefix string, fn func(name string, k key)) {
	for _, k := range keysOf(t) {
		switch name := prefix + k.name; {
		case k.isTable():
			eachKey(k.typ, name+".", fn)
		case k.isTables():
			eachKey(k.typ.Elem(), name+".", fn)
		default:
			fn(name, k)
		}
	}
}

func TestManualHasEveryKey(t *testing.T) {
	m, err := readManual()
	if err != nil {
		t.Fatal(err)
	}
	eachKey(reflect.TypeFor[Config](), "", func(name string, k key) {
		text := m[k.owner+"."+k.field]
		if len(text) < 12 || !strings.HasSuffix(text, ".") {
			t.Errorf("%s: the manual says %q", name, text)
		}
	})
}

func TestLoadMakesPathsAbsolute(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "parley.toml")
	text := `domains = ["example.org"]
		data = "here"
		tls.cert = "/a/b.crt"
		tls.key = "b.key"
		host."conference.example.org" = {cert = "c.crt", key = "/c.key"}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	host := c.Host["conference.example.org"]
	got := []string{c.Data, c.TLS.Cert, c.TLS.Key, host.Cert, host.Key, c.Login.ExternalCA, c.Path}
	want := []string{
		filepath.Join(dir, "here"), "/a/b.crt", filepath.Join(dir, "b.key"),
		filepath.Join(dir, "c.crt"), "/c.key", "", file,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestLoadMissingFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.toml"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want not exist", err)
	}
}

func TestDescribe(t *testing.T) {
	var b bytes.Buffer
	if err := Describe(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "../../doc/config.md", b.String())
}

func TestExample(t *testing.T) {
	text, err := Example("example.org")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "example.toml", text)
	got := parse(t, text)
	if want := parse(t, `domains = ["example.org"]`); !reflect.DeepEqual(got, want) {
		t.Errorf("the example says more than domains:\n%+v", got)
	}
}

// TestExampleWithoutComments takes the # from every key: all keys must be
// valid where they stand, and the defaults must be the defaults.
func TestExampleWithoutComments(t *testing.T) {
	text, err := Example("example.org")
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString(text, "$1"))
	want := Default()
	want.Domains = []string{"example.org"}
	want.Component = []Component{{"sms.example.org", "a long random text", "127.0.0.1:5347"}}
	want.Host = map[string]HostTLS{
		"example.org": {"/etc/ssl/example.org.crt", "/etc/ssl/example.org.key"},
	}
	want.Peer = map[string]Peer{"example.net": {"certificate", "required"}}
	want.Contact = map[string][]string{"abuse": {"mailto:abuse@example.org"}}
	want.Login.ExternalMap = map[string]string{"CN=Alice": "alice@example.org"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it); got:\n%s", file, got)
	}
}
