package c2s

import "testing"

// eachWay runs a test with parked connections and with ones that wait in Read.
func eachWay(t *testing.T, s setup, test func(t *testing.T, w *world)) {
	for name, blocking := range map[string]bool{"parked": false, "blocking": true} {
		t.Run(name, func(t *testing.T) {
			s.blocking = blocking
			test(t, newWorld(t, s))
		})
	}
}

func TestMessage(t *testing.T) {
	eachWay(t, setup{}, func(t *testing.T, w *world) {
		romeo, juliet := w.online("romeo", "orchard"), w.online("juliet", "balcony")
		for range 3 {
			romeo.send("<message to='juliet@a.lit/balcony' id='1'><body>hi</body></message>")
			juliet.want("<body>hi</body></message>")
			juliet.send("<message to='romeo@a.lit/orchard' id='2'><body>ho</body></message>")
			romeo.want("<body>ho</body></message>")
		}
		romeo.send(goodbye)
		romeo.wantEnd(goodbye)
	})
}
