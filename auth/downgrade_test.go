package auth

import (
	"strings"
	"testing"
)

// TestAnnounced is the example of XEP-0474 section 6.3, Full Example, and one without
// a channel binding.
func TestAnnounced(t *testing.T) {
	list := []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"}
	got := announced(SHA1, list, []string{"tls-server-end-point", "tls-exporter"})
	if got != ",h=G6k/rBLDqgOhRRaCuuatSDFkJ08=" {
		t.Errorf("with bindings: %s", got)
	}
	if list[0] != "SCRAM-SHA-1-PLUS" {
		t.Error("the offer is another now")
	}
	if alone := announced(SHA1, list, nil); alone == got || len(alone) != len(got) {
		t.Errorf("without bindings: %s", alone)
	}
}

// TestAnnouncedOffer: the hash is that of what this connection was offered.
func TestAnnouncedOffer(t *testing.T) {
	a := newTestAuthenticator(t)
	for name, conn := range map[string]ConnInfo{
		"bound": {Domain: testDomain, Secure: true, Bindings: ChannelBindings{{Type: tlsExporter, Data: []byte("x")}}},
		"plain": {Domain: testDomain, Secure: true},
		"none":  {Domain: testDomain},
	} {
		x := start(t, a, "SCRAM-SHA-256", conn)
		first, _, err := x.Step(t.Context(), []byte("n,,n=user,r=abc"))
		if err != nil {
			t.Fatal(err)
		}
		var types []string
		if name == "bound" {
			types = []string{tlsExporter}
		}
		offered := Offered(conn, Policy{Mechanisms: Implemented()})
		if want := announced(SHA256, offered, types); !strings.HasSuffix(string(first), want) {
			t.Errorf("%s: %s, want %s", name, first, want)
		}
	}
}
