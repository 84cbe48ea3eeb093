package conf

import (
	"slices"
	"testing"
	"time"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"10000": 10000, "0": 0, "1B": 1, "1 B": 1, "256 kB": 256000, "256 KB": 256000,
		"256 KiB": 262144, "1MiB": 1 << 20, " 2 GiB ": 2 << 30, "3 MB": 3e6, "1gb": 1e9,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	wrong := []string{"", "B", "KiB", "-1", "1.5 MiB", "1 TB", "1 1", "9999999999 GiB", "0x10"}
	for _, text := range wrong {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q: %d, want an error", text, got)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute,
		"2d": 48 * time.Hour, "1.5s": 1500 * time.Millisecond,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "d", "-1d", "99999d", "5 min"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

func TestDomain(t *testing.T) {
	for text, want := range map[string]string{
		"example.org": "example.org", "EXAMPLE.org.": "example.org", "localhost": "localhost",
		"München.example": "münchen.example", "xn--mnchen-3ya.example": "münchen.example",
		"faß.example": "faß.example", "127.0.0.1": "127.0.0.1",
	} {
		if got, err := Domain(text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".", "a..b", "a b", "a_b", "-a", "a@b", "a/b", "xn--a"} {
		if got, err := Domain(text); err == nil {
			t.Errorf("%q: %q, want an error", text, got)
		}
	}
}

func TestJID(t *testing.T) {
	for text, want := range map[string]string{
		"Alice@Example.org": "alice@example.org", "ÜBER@example.org": "über@example.org",
	} {
		if got, err := bareJID(text); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0}, {"limts", "limits", 1},
		{"domian", "domain", 1}, {"kitten", "sitting", 3}, {"stanzas", "stanza", 1},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%q %q: %d, want %d", test.a, test.b, got, test.want)
		}
		if got := distance(test.b, test.a); got != test.want {
			t.Errorf("%q %q: %d, want %d", test.b, test.a, got, test.want)
		}
	}
}

func TestHosts(t *testing.T) {
	c := parse(t, `
		domains = ["a.example", "b.example"]
		services = ["conference"]
		component = [{domain = "sms.a.example", secret = "x"},
			{domain = "conference.b.example", secret = "x"}]`)
	got := c.Hosts()
	want := []string{"a.example", "conference.a.example", "b.example", "conference.b.example",
		"sms.a.example"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestChanged(t *testing.T) {
	for _, test := range []struct {
		old, new      string
		live, restart []string
	}{
		{``, ``, nil, nil},
		{``, `limits.stanza = "256 KiB"`, nil, nil},
		{``, `admins = []`, nil, nil},
		{``, `limits.stanza = "1 MiB"`, []string{"limits.stanza"}, nil},
		{``, `data = "other"`, nil, []string{"data"}},
		{`admins = ["a@example.org"]`, ``, []string{"admins"}, nil},
		{``, `log = {level = "warn", format = "json"}`,
			[]string{"log.level"}, []string{"log.format"}},
		{``, `component = [{domain = "c.example", secret = "x"}]`, nil, []string{"component"}},
		{`host."example.org" = {cert = "a", key = "b"}`, `host."example.org" = {cert = "a", key = "c"}`,
			[]string{"host"}, nil},
		{`contact.abuse = ["mailto:a@b.c"]`, ``, []string{"contact"}, nil},
	} {
		live, restart := Changed(parse(t, head+test.old), parse(t, head+test.new))
		if !slices.Equal(live, test.live) || !slices.Equal(restart, test.restart) {
			t.Errorf("%q to %q: live %q, restart %q", test.old, test.new, live, restart)
		}
	}
}

// TestKeys holds that the names of all keys are told as an admin writes them.
func TestKeys(t *testing.T) {
	keys := Keys()
	for _, want := range []string{"domains", "limits.stanza", "c2s.ping_after", "component.secret",
		"contact.abuse", "contact.support", "login.external_map", "host.cert"} {
		if !slices.Contains(keys, want) {
			t.Errorf("%s is not in %q", want, keys)
		}
	}
}

// What needs a restart stays as it is, so that a second reload says so again.
func TestReloaded(t *testing.T) {
	running := parse(t, `domains = ["a.example"]`)
	next := parse(t, "domains = [\"b.example\"]\nadmins = [\"x@b.example\"]\n")
	for range 2 {
		inForce, live, restart := Reloaded(running, next)
		if !slices.Equal(live, []string{"admins"}) && !slices.Equal(running.Admins, next.Admins) {
			t.Errorf("applied: %q", live)
		}
		if !slices.Equal(restart, []string{"domains"}) || !slices.Equal(inForce.Domains, running.Domains) {
			t.Errorf("waits for a restart: %q; in force %q", restart, inForce.Domains)
		}
		if !slices.Equal(inForce.Admins, next.Admins) || next.Domains[0] != "b.example" {
			t.Errorf("in force %q; next became %q", inForce.Admins, next.Domains)
		}
		running = inForce
	}
}
