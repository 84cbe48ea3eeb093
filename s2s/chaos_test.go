package s2s

import (
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"parley/internal/memconn"
)

// cutter is the network between two servers: it breaks connections.
type cutter struct {
	mu   sync.Mutex
	open []net.Conn
}

// site is where a server is behind the cutter.
func (c *cutter) site(v *server) site {
	return site{dial: func() (net.Conn, error) {
		ours, theirs := memconn.Pipe()
		c.mu.Lock()
		c.open = append(c.open, ours)
		c.mu.Unlock()
		return ours, v.ServeConn(theirs, false)
	}}
}

// cut breaks one of the connections.
func (c *cutter) cut(r *rand.Rand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) > 0 {
		n := r.IntN(len(c.open))
		c.open[n].Close()
		c.open = append(c.open[:n], c.open[n+1:]...)
	}
}

// arrivedID finds messages and errors by their ids.
var (
	arrivedID = regexp.MustCompile(`<message [^>]*\bid='m(\d+)'[^>]*>`)
	isError   = regexp.MustCompile(`type='error'`)
)

// TestBreaking: however connections break, each message arrives or comes back,
// none arrives twice, and those that arrive do so in order.
func TestBreaking(t *testing.T) {
	for seed := range uint64(2) {
		for _, selfSigned := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %t", seed, selfSigned), func(t *testing.T) {
				bubble(t, func(t *testing.T, n *net0) { breaking(t, n, seed, selfSigned) })
			})
		}
	}
}

func breaking(t *testing.T, n *net0, seed uint64, selfSigned bool) {
	const count = 1500
	r := rand.New(rand.NewPCG(seed, 0))
	a := n.server(setup{domain: "a.lit", selfSigned: selfSigned, quiet: true})
	b := n.server(setup{domain: "b.lit", selfSigned: selfSigned, quiet: true})
	var c cutter
	n.set("a.lit", c.site(a))
	n.set("b.lit", c.site(b))
	romeo, juliet := a.login("romeo@a.lit/x"), b.login("juliet@b.lit/y")
	users := []*user{romeo, juliet}
	for i := range count {
		for n, u := range users {
			u.send(fmt.Sprintf("<message to='%s' id='m%d'><body>hi</body></message>",
				users[1-n].s.JID, i))
		}
		time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
		if r.IntN(100) == 0 {
			c.cut(r)
		}
	}
	time.Sleep(10 * time.Minute)
	a.stop()
	b.stop()
	for i, u := range users {
		arrived, _ := u.received()
		_, back := users[1-i].received()
		last := -1
		got := map[int]bool{}
		for _, id := range arrived {
			if id <= last {
				t.Errorf("%d arrived behind %d", id, last)
			}
			last, got[id] = id, true
		}
		for _, id := range back {
			got[id] = true
		}
		if len(got) != count {
			t.Errorf("of %d messages %d arrived or came back", count, len(got))
		}
		t.Logf("%d arrived, %d came back", len(arrived), len(back))
		if len(arrived) < count/2 {
			t.Errorf("only %d arrived", len(arrived))
		}
	}
}

// received are the numbers of the messages that came, and of the errors.
func (u *user) received() (messages, back []int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, m := range arrivedID.FindAllStringSubmatch(u.text, -1) {
		id, _ := strconv.Atoi(m[1])
		if isError.MatchString(m[0]) {
			back = append(back, id)
		} else {
			messages = append(messages, id)
		}
	}
	return messages, back
}
