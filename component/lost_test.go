package component

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/internal/memconn"
)

// cameBack finds the id of a stanza that comes back to its sender.
var cameBack = regexp.MustCompile(`<\w+ [^>]*\bid='(\w+)'[^>]*>` +
	`<error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>`)

// TestLost: what was not written when the connection breaks comes back to its
// senders, in order and once (RFC 6120 section 8.3.3.17, remote-server-timeout);
// the next connection does not get it.
func TestLost(t *testing.T) {
	w := newWorld(t, "")
	u := w.romeo()
	c := w.connected("sms.a.lit", "knock")
	text := strings.Repeat("x", 10_000)
	const more = 20
	const n = memconn.Size/10_000 + more
	for i := range n {
		u.send(fmt.Sprintf("<message to='x@sms.a.lit' id='m%d'><body>%s</body></message>", i, text))
	}
	u.send("<presence to='x@sms.a.lit' id='p'/>")
	u.send("<iq type='result' to='x@sms.a.lit' id='r'/>")
	u.send("<message type='error' to='x@sms.a.lit' id='e'/>")
	u.send("<iq type='get' to='x@sms.a.lit' id='last'><query xmlns='x:y'/></iq>")
	c.nc.Close()

	var got []string
	for !slices.Contains(got, "last") {
		select {
		case batch := <-u.got:
			for _, m := range cameBack.FindAllStringSubmatch(batch, -1) {
				got = append(got, m[1])
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("came back: %q", got)
		}
	}
	// How many were written is a matter of batches; all behind those come back.
	var want []string
	for i := max(n-len(got)+2, 0); i < n; i++ {
		want = append(want, fmt.Sprintf("m%d", i))
	}
	if want = append(want, "p", "last"); len(got) < more || !slices.Equal(got, want) {
		t.Errorf("came back: %q, want %q", got, want)
	}
	again := w.connected("sms.a.lit", "knock")
	u.send("<message to='x@sms.a.lit' id='new'/>")
	if before := again.want("id='new'"); strings.Contains(before, "</") {
		t.Errorf("the next connection got %s", before)
	}
}
