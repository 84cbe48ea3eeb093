package resolve

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestParseResolvConf(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "[127.0.0.1:53 [::1]:53] 5s 2",
		"nameserver 192.0.2.1\n":   "[192.0.2.1:53] 5s 2",
		"# nameserver 192.0.2.1\n": "[127.0.0.1:53 [::1]:53] 5s 2",
		"search example.net\nnameserver\t2001:db8::1\nnameserver fe80::1%eth0": "[[2001:db8::1]:53 [fe80::1%eth0]:53] 5s 2",
		"nameserver x\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4": "" +
			"[192.0.2.1:53 192.0.2.2:53 192.0.2.3:53] 5s 2",
		"nameserver 192.0.2.1\noptions edns0 timeout:1 attempts:3":  "[192.0.2.1:53] 1s 3",
		"nameserver 192.0.2.1\noptions timeout:90 attempts:0":       "[192.0.2.1:53] 5s 1",
		"nameserver 192.0.2.1\noptions timeout: attempts:x ndots:5": "[192.0.2.1:53] 5s 2",
	} {
		c := parseResolvConf(text)
		if got := fmt.Sprintf("%v %s %d", c.servers, c.timeout, c.attempts); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestParseHosts(t *testing.T) {
	h := parseHosts("# all\n127.0.0.1 localhost\n::1 localhost # 6\n\n192.0.2.1\n" +
		"x peer.example\n::ffff:192.0.2.2\tPeer.example b\u00fccher.example\n")
	want := "map[localhost:[127.0.0.1 ::1] peer.example:[192.0.2.2] xn--bcher-kva.example:[192.0.2.2]]"
	if got := fmt.Sprint(h); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestFileChanges: a file that has changed is read again, and one that is gone
// says nothing.
func TestFileChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	reads := 0
	f := &file[string]{path: path, parse: func(s string) string { reads++; return s }}
	check := func(want string, n int) {
		t.Helper()
		if got := f.get(); got != want || reads != n {
			t.Errorf("%q after %d readings, want %q and %d", got, reads, want, n)
		}
	}
	check("", 1)
	check("", 1)
	if err := os.WriteFile(path, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	check("a", 2)
	check("a", 2)
	if err := os.WriteFile(path, []byte("bb"), 0o600); err != nil {
		t.Fatal(err)
	}
	check("bb", 3)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("", 4)
}
